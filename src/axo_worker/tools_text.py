"""Tools of rows as JSON text, as Axolotl takes them, too.

Each tool has parameters of its own. Were they read as columns, a row would get those of all other rows' tools, too, as
nulls; and where two of one name differ in type, the file could not be read at all.
"""

from pathlib import Path
from typing import Any

import msgspec

_SIGN = b'"tools"'


def write_tools_as_text(rows: Path) -> None:
    """Rewrite a file of JSON lines in which rows offer tools, a row at a time; leave any other as it is.

    Raises `OSError`. A row that cannot be read stays as it is, for the trainer to name.
    """
    with rows.open("rb") as lines:
        if not any(_SIGN in line for line in lines):
            return
        lines.seek(0)
        rewritten = rows.with_name(f"{rows.name}.rewritten")
        with rewritten.open("wb") as file:
            file.writelines(_with_text(line) if _SIGN in line else line for line in lines)
    rewritten.replace(rows)  # the file itself may be a link to the upload


def _with_text(line: bytes) -> bytes:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return line
    for place in (row, row.get("input")) if isinstance(row, dict) else ():
        if isinstance(place, dict) and isinstance(place.get("tools"), list):
            place["tools"] = _text(place["tools"])
    return msgspec.json.encode(row) + b"\n"


def _text(tools: list[Any]) -> str:
    return msgspec.json.encode(tools).decode()
