"""Example configs, read as axo reads them; and copies of them with one key misspelt."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axo_api.axolotl.config_schema import ConfigSchema, Node
from axo_contracts.config_text import read_config

OURS = Path(__file__).parent / "configs"
LETTERS = "abcdefghijklmnopqrstuvwxyz_"

Misspelt = tuple[str, str, dict[str, Any]]
"""Where the misspelt key is, how it was meant, and the config that has it."""


def configs_in(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the training configs below a folder, by their path in it."""
    files = sorted(file for file in folder.rglob("*.y*ml") if file.suffix in {".yaml", ".yml"})
    read = {str(file.relative_to(folder)): read_config(file.read_text(encoding="utf-8")) for file in files}
    return {name: config for name, config in read.items() if "base_model" in config}


def misspelt(config: dict[str, Any], schema: ConfigSchema, rng: random.Random) -> Iterator[Misspelt]:
    """Yield a copy of `config` for each key whose name Axolotl knows, with one typing error in it."""
    root: Node = {"properties": schema.properties}
    for path, key in _keys(config, root, schema, ()):
        wrong = _typed_wrongly(key, rng)
        changed = copy.deepcopy(config)
        inner: Any = changed
        for part in path:
            inner = inner[part]
        if wrong in inner:
            continue
        renamed = {wrong if name == key else name: value for name, value in inner.items()}
        inner.clear()
        inner.update(renamed)
        yield ".".join(map(str, (*path, wrong))), key, changed


def _keys(value: Any, node: Node, schema: ConfigSchema, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    members = schema.members(node)
    if isinstance(value, dict):
        for key, inner in value.items():
            known = members.names.get(key)
            if known is not None:
                if not known.get("x-dropped"):
                    yield path, key
                yield from _keys(inner, known, schema, (*path, key))
    elif isinstance(value, list) and members.items is not None:
        for index, item in enumerate(value):
            yield from _keys(item, members.items, schema, (*path, index))


def _typed_wrongly(key: str, rng: random.Random) -> str:
    while True:
        at = rng.randrange(len(key))
        wrong = rng.choice(
            [
                key[:at] + key[at + 1 :],
                key[:at] + rng.choice(LETTERS) + key[at:],
                key[:at] + rng.choice(LETTERS) + key[at + 1 :],
                key[:at] + key[at + 1 : at + 2] + key[at] + key[at + 2 :],
            ]
        )
        if wrong not in ("", key):
            return wrong
