"""Checks an Axolotl config against Axolotl's own schema: unknown keys, and values of the wrong type.

Axolotl drops a key that it does not know, so that a typing error shows up as a strange loss curve hours later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from axo_api.axolotl.config_schema import ConfigSchema, Node
from axo_api.axolotl.spelling import nearest
from axo_api.axolotl.value_types import fits, in_words

SHIPPED = "axolotl.integrations."


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one key: where it is (`datasets.0.path`), and a sentence with the mend."""

    where: str
    sentence: str
    value: Any


def problems_of(config: dict[str, Any], schema: ConfigSchema) -> Iterator[Problem]:
    """Yield what Axolotl would refuse, or drop without a word, of `config` (not what only its validators know)."""
    listed = _plugins_listed(config, schema)
    for key, value in config.items():
        node = schema.properties.get(key)
        if node is None:
            if listed is not None:  # a plugin of the user's own may know it
                yield _unknown(key, key, value, schema.properties, config)
        elif listed is not None and (plugin := node.get("x-plugin")) and plugin not in listed:
            name = f"{SHIPPED}{plugin}"
            yield Problem(key, f"only the plugin {name} reads it; list it in plugins, or leave the key out", value)
        elif not any(key in schema.plugins[name]["rewrites"] for name in listed or ()):
            yield from _of_value(value, node, key, schema)


def excerpt(value: Any) -> str:
    """Return a value as JSON, shortened, to be shown in an error."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def plugin_name(text: str, schema: ConfigSchema) -> str | None:
    """Return which of the plugins that Axolotl ships a path names: `liger.LigerPlugin`; None when it is another's."""
    if not text.startswith(SHIPPED):
        return None
    parts = text.removeprefix(SHIPPED).split(".")
    name = f"{parts[0]}.{parts[-1]}"
    return name if name in schema.plugins else None


def _plugins_listed(config: dict[str, Any], schema: ConfigSchema) -> set[str] | None:
    """Return the plugins of Axolotl's that `config` has; None when it has others, whose keys nobody here knows."""
    always_on = {name for name, plugin in schema.plugins.items() if plugin["always_on"]}
    given = config.get("plugins") or []
    if not isinstance(given, list):
        return always_on
    names = {plugin_name(text, schema) for text in given if isinstance(text, str)}
    return None if None in names else always_on | {name for name in names if name}


def _of_value(value: Any, node: Node, where: str, schema: ConfigSchema) -> Iterator[Problem]:
    members = schema.members(node)
    if isinstance(value, dict) and members.objects:
        for key, inner in value.items():
            place = f"{where}.{key}"
            if key in members.names:
                yield from _of_value(inner, members.names[key], place, schema)
            else:
                yield _unknown(key, place, inner, members.names, value)
    elif not any(fits(value, member) for member in members.others):
        expected = in_words((*members.others, *members.objects))
        yield Problem(where, f"{excerpt(value)} is not {expected}", value)
    elif isinstance(value, list) and members.items is not None:
        for index, item in enumerate(value):
            yield from _of_value(item, members.items, f"{where}.{index}", schema)
    elif isinstance(value, dict):
        yield from _of_free_keys(value, members.others, where, schema)


def _of_free_keys(
    value: dict[str, Any], nodes: tuple[Node, ...], where: str, schema: ConfigSchema
) -> Iterator[Problem]:
    inner = next((node["additionalProperties"] for node in nodes if "additionalProperties" in node), None)
    if isinstance(inner, dict):
        for key, item in value.items():
            yield from _of_value(item, inner, f"{where}.{key}", schema)


def _unknown(key: str, where: str, value: Any, known: dict[str, Node], beside: dict[str, Any]) -> Problem:
    near = nearest(key, [name for name, node in known.items() if not node.get("x-dropped")], taken=beside)
    mend = f"did you mean {near!r}?" if near else "GET /v1/schema lists what there is"
    return Problem(where, f"Axolotl knows no key {key!r} here and would drop it; {mend}", value)
