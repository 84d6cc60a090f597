"""Axolotl's own config schema, one file a version in `schema/`, written by `scripts/export_axolotl_schema.py`."""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "schema"
PINNED = "0.21.0"  # what trainer/requirements.in installs

Node = dict[str, Any]


@dataclass(frozen=True)
class Members:
    """What a value may be, with references followed and unions opened."""

    objects: tuple[Node, ...]  # mappings whose keys are known
    others: tuple[Node, ...]
    names: dict[str, Node] = field(default_factory=dict)  # the keys that any of `objects` knows
    items: Node | None = None  # of a list


class ConfigSchema:
    """The schema of one version, ready to be walked. Nodes live as long as it does, so they are known by their id."""

    def __init__(self, document: Node) -> None:
        self.document = document
        self.properties: dict[str, Node] = document["properties"]
        self.plugins: dict[str, Node] = document["x-plugins"]
        self.dataset_types = frozenset[str](document["x-dataset-types"])
        self._members: dict[int, Members] = {}

    def members(self, node: Node) -> Members:
        """Return what a value of `node` may be."""
        found = self._members.get(id(node))
        if found is None:
            found = self._members[id(node)] = self._opened(node)
        return found

    def _opened(self, node: Node) -> Members:
        flat = self._flat(node)
        objects = tuple(member for member in flat if "properties" in member)
        names: dict[str, list[Node]] = {}
        for member in objects:
            for name, value in member["properties"].items():
                names.setdefault(name, []).append(value)
        items = [member["items"] for member in flat if "items" in member]
        return Members(
            objects,
            tuple(member for member in flat if "properties" not in member),
            {name: _any_of(nodes) for name, nodes in names.items()},
            _any_of(items) if items else None,
        )

    def _flat(self, node: Node) -> list[Node]:
        if node.get("x-any-type"):
            return [{}]
        if "anyOf" in node:
            return [flat for member in node["anyOf"] for flat in self._flat(member)]
        if "$ref" in node:
            return self._flat(self.document["$defs"][node["$ref"].rpartition("/")[2]])
        return [node]


@cache
def schema_text(version: str) -> str:
    """Return the JSON schema of an Axolotl version as text. Raises `KeyError` for one that is not there."""
    if version not in versions():
        raise KeyError(version)
    return (FOLDER / f"axolotl-{version}.json").read_text(encoding="utf-8")


@cache
def config_schema(version: str = PINNED) -> ConfigSchema:
    """Return the schema of an Axolotl version. Raises `KeyError` for one that is not there."""
    return ConfigSchema(json.loads(schema_text(version)))


@cache
def versions() -> tuple[str, ...]:
    """Return the versions of Axolotl whose schema is there."""
    return tuple(sorted(path.stem.removeprefix("axolotl-") for path in FOLDER.glob("axolotl-*.json")))


def _any_of(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else {"anyOf": nodes}
