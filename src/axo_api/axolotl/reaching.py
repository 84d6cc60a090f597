"""What of a config reaches out of its job: code, and files, addresses and accounts that are not the job's own."""

import re
from collections.abc import Iterator
from typing import Any

from axo_api.axolotl.checking import Problem, excerpt, plugin_name
from axo_api.axolotl.config_schema import ConfigSchema
from axo_api.axolotl.readable import Readable
from axo_api.axolotl.rules import STAY_INSIDE, Reach, found
from axo_contracts.config_spec import FILE_ID, HUB_NAME, LOADERS, files_of

BEGINS_A_PATH = re.compile(r"[/~\\]|\.{1,2}/|[a-z][a-z0-9+]*://", re.IGNORECASE)
ENDS_A_FILE_NAME = (".jinja", ".jinja2", ".json", ".yaml", ".yml", ".txt")


def reaching(config: dict[str, Any], readable: Readable, schema: ConfigSchema) -> Iterator[Problem]:
    """Yield what needs the permission to reach out, beyond what is `readable` to any job of this caller."""
    for where, value, reach, reason in found(config):
        if value in (None, False, "", [], {}):
            continue
        for place, inner in _parts(where, value, reach):
            if _reaches_out(inner, reach, readable, schema):
                mend = _mend(reach, readable)
                yield Problem(
                    place, f"{excerpt(inner)} needs the permission unsafe_code, because {reason}; {mend}", inner
                )


def _parts(where: str, value: Any, reach: Reach) -> Iterator[tuple[str, Any]]:
    match reach, value:
        case Reach.DATA, dict():
            yield from _paths_of_data(where, value)
        case Reach.PATHS, dict() | list():
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from _parts(f"{where}.{key}", inner, reach)
        case _:
            yield where, value


def _paths_of_data(where: str, entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    path = entry.get("path")
    is_in_repository = False
    if isinstance(path, str) and path and path not in LOADERS:
        is_in_repository = _is_hub_name(path)
        yield f"{where}.path", path
    for file in files_of(entry):
        if file and not (is_in_repository and isinstance(file, str) and _stays_below(file)):
            yield f"{where}.data_files", _as_path(file)


def _as_path(file: Any) -> Any:
    """Return a file's name as one that cannot be taken for the name of a repository."""
    return f"./{file}" if isinstance(file, str) and _is_hub_name(file) and not FILE_ID.fullmatch(file) else file


def _reaches_out(value: Any, reach: Reach, readable: Readable, schema: ConfigSchema) -> bool:
    if not isinstance(value, str):
        return reach is Reach.SET
    match reach:
        case Reach.SET:
            return True
        case Reach.DOTTED:
            return "." in value
        case Reach.SLASHED:
            return "/" in value
        case Reach.PLUGIN:
            return plugin_name(value, schema) not in STAY_INSIDE
        case Reach.READER:
            return re.split(r"[.:]", value)[0] not in schema.dataset_types
        case Reach.REWARD:
            return "/" not in value or not _is_hub_name(value)
        case Reach.MODEL | Reach.DATA:
            return not _is_hub_name(value) and not readable.holds(value)
        case Reach.FILE_NAME:
            return value in (".", "..") or "/" in value
        case Reach.TEMPLATE | Reach.PATHS:
            return _looks_like_a_path(value) and not readable.holds(value)


def _is_hub_name(text: str) -> bool:
    return HUB_NAME.fullmatch(text) is not None


def _stays_below(path: str) -> bool:
    """Return whether a file is one within its repository: what has a colon may name any file system (`file:/etc`)."""
    return not BEGINS_A_PATH.match(path) and ":" not in path and ".." not in path.split("/")


def _looks_like_a_path(text: str) -> bool:
    """Return whether a text may name a file: a template, or a text with a brace or a line's end, does not."""
    if "\n" in text or "{" in text:
        return False
    return bool(BEGINS_A_PATH.match(text)) or ".." in text.split("/") or text.endswith(ENDS_A_FILE_NAME)


def _mend(reach: Reach, readable: Readable) -> str:
    if reach in (Reach.DATA, Reach.MODEL, Reach.TEMPLATE, Reach.PATHS):
        roots = ", ".join(str(root) for root in readable.roots)
        where = roots or "there are none: the operator has set no AXO_ALLOWED_ROOTS"
        but = "; what lies in the storage has owners" if roots and readable.private is not None else ""
        upload = "upload it with POST /v1/files and name its id, " if reach is Reach.DATA else ""
        return f"{upload}name a path under an allowed folder ({where}{but}), or have the operator set AXO_UNSAFE_CODE"
    return "leave it out, or have the operator set AXO_UNSAFE_CODE"
