"""`python scripts/event_schemas.py [--check] FOLDER` writes a JSON Schema for each public event, or checks them."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from axo_api.drift import write_or_check
from axo_contracts.events import EVENT_TYPES, Event

COMMAND = "python scripts/event_schemas.py"


def schema_of(name: str, kind: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of the events of one type."""
    (reference,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for part in parts.values():
        _say_that_all_is_there(part)
    whole = parts.pop(reference["$ref"].rpartition("/")[2])
    whole["properties"]["type"] = {"const": name}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name}
    return head | {key: value for key, value in whole.items() if key != "title"} | ({"$defs": parts} if parts else {})


def _say_that_all_is_there(part: dict[str, Any]) -> None:
    """Every field is written, also where it has a default here."""
    if "properties" in part:
        part["required"] = list(part["properties"])
        for field in part["properties"].values():
            field.pop("default", None)


def write_all(folder: Path, *, check: bool) -> None:
    """Write, or compare, the schema of every type. A file of a type that is gone goes, or fails the check."""
    for name, kind in EVENT_TYPES.items():
        text = json.dumps(schema_of(name, kind), indent=2, ensure_ascii=False) + "\n"
        write_or_check(text, folder / f"{name}.json", check=check, command=COMMAND)
    for path in sorted(folder.glob("*.json")):
        if path.stem not in EVENT_TYPES:
            if check:
                sys.exit(f"{path} is of no event that there is; run `{COMMAND} {folder}` and commit it.")
            path.unlink()


if __name__ == "__main__":
    target = Path(sys.argv[-1])
    target.mkdir(parents=True, exist_ok=True)
    write_all(target, check="--check" in sys.argv)
