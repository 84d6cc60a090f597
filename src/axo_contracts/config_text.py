"""Reads a config that a client wrote as YAML: the safe subset, bounded before anything is built of it."""

from typing import Any

import yaml

from axo_contracts.plain_data import DEEPEST, MOST_BYTES, MOST_VALUES

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_ALIASES = 100
LONGEST_BASE_60 = 40

_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    yaml.ScalarNode: frozenset(f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "value")),
    yaml.SequenceNode: frozenset({f"{_TAG}seq"}),
    yaml.MappingNode: frozenset({f"{_TAG}map"}),
}
_KEYS = frozenset(f"{_TAG}{name}" for name in ("str", "int", "merge", "value"))
_NUMBERS = frozenset(f"{_TAG}{name}" for name in ("int", "float"))
_TEXT = f"{_TAG}str"


def read_config(text: str) -> dict[str, Any]:
    """Return the mapping in a YAML text, read as Axolotl reads it (YAML 1.1).

    Raises `ValueError`, with the line, for what is no YAML, no mapping, over a bound, written twice, or not plain data
    (dates, tags). Whole numbers as keys become text, as in JSON.
    """
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise ValueError(f"it is over {MOST_BYTES // 1024} KiB, which is more than any config needs")
    try:
        _check_events(text)
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                raise ValueError("it is no mapping of keys to values")  # noqa: TRY004 (what the client wrote)
            _Looker().look(node)
            read: dict[str, Any] = loader.construct_document(node)
        finally:
            loader.dispose()
    except LookupError as error:
        raise ValueError("a value is not what its tag (!!int, !!bool) says") from error
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {' '.join(str(error).split())}") from error
    return read


def _check_events(text: str) -> None:
    """Bound what there is before a tree is made of it, which takes a stack as deep as the text is nested."""
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > DEEPEST:
            raise ValueError(f"line {_line(event)}: it is nested over {DEEPEST} deep")
        if aliases > MOST_ALIASES:
            raise ValueError(f"line {_line(event)}: over {MOST_ALIASES} aliases are used")
        if count > 2 * MOST_VALUES:
            raise ValueError(f"line {_line(event)}: it has over {MOST_VALUES} values")


class _Looker:
    """Looks through a tree once, and counts what it would be with every alias written out."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def look(self, node: yaml.Node) -> int:
        """Return how many values `node` stands for. Raises `ValueError`."""
        if id(node) in self._open:
            raise ValueError(f"line {_line(node)}: it holds itself")
        if id(node) not in self._sizes:
            self._open.add(id(node))
            self._sizes[id(node)] = size = 1 + self._look_inside(node)
            self._open.discard(id(node))
            if size > MOST_VALUES:
                raise ValueError(f"line {_line(node)}: with its aliases written out it has over {MOST_VALUES} values")
        return self._sizes[id(node)]

    def _look_inside(self, node: yaml.Node) -> int:
        if node.tag not in _PLAIN[type(node)]:
            shown = node.value if isinstance(node, yaml.ScalarNode) else node.tag
            raise ValueError(f"line {_line(node)}: {shown[:80]!r} is read as a date or a tag; put quotes around it")
        match node:
            case yaml.MappingNode():
                _check_keys(node)
                return sum(self.look(value) for _, value in node.value)
            case yaml.SequenceNode():
                return sum(self.look(item) for item in node.value)
            case yaml.ScalarNode() if node.tag in _NUMBERS:
                _check_number(node)
                return 0
            case _:
                return 0


def _check_number(node: yaml.ScalarNode) -> None:
    """Bound a number in base 60 (`1:30:00`), which PyYAML reads in quadratic time, and beyond what a float holds."""
    if ":" in node.value and len(node.value) > LONGEST_BASE_60:
        raise ValueError(f"line {_line(node)}: {node.value[:LONGEST_BASE_60]}… is a number over 64 bits")


def _check_keys(node: yaml.MappingNode) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag not in _KEYS:
            raise ValueError(f"line {_line(key)}: the key {key.value!r} is not text; put quotes around it")
        if key.value in lines and key.value != "<<":
            raise ValueError(f"line {_line(key)}: the key {key.value!r} is there already, in line {lines[key.value]}")
        lines[key.value] = _line(key)
        if key.tag == f"{_TAG}int":
            key.tag = _TEXT


def _line(what: Any) -> int:
    return int(what.start_mark.line) + 1
