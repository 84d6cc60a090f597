"""Which of the things that could go are to go, and why. No input or output but for asking whether one is needed."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, get_args

from axo_api.housekeeping.items import Item, Kind
from axo_api.settings import SweepSettings


class Doomed(NamedTuple):
    """A thing that is to go, and the rule that says so."""

    item: Item
    why: str


class _Rule(NamedTuple):
    days: float | None
    bytes: int | None


def ruled(rules: SweepSettings) -> set[Kind]:
    """Return the kinds of things that any rule is for."""
    return {kind for kind in get_args(Kind) if any(limit is not None for limit in _rule(rules, kind))}


def doomed(
    items: Iterable[Item], rules: SweepSettings, at: datetime, is_needed: Callable[[Item], bool]
) -> Iterator[Doomed]:
    """Yield what is to go at a time, of each kind the oldest first."""
    by_kind: dict[Kind, list[Item]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    for kind, of_kind in by_kind.items():
        yield from _of_kind(sorted(of_kind, key=lambda item: (item.since, item.id)), _rule(rules, kind), at, is_needed)


def _rule(rules: SweepSettings, kind: Kind) -> _Rule:
    match kind:
        case "file":
            return _Rule(rules.files_days, rules.files_bytes)
        case "checkpoint":
            return _Rule(rules.checkpoints_days, rules.checkpoints_bytes)
        case "log":
            return _Rule(rules.logs_days, rules.logs_bytes)
        case "scratch":
            return _Rule(rules.scratch_days, None)


def _of_kind(items: list[Item], rule: _Rule, at: datetime, is_needed: Callable[[Item], bool]) -> Iterator[Doomed]:
    left = sum(item.bytes for item in items)
    for item in items:
        is_old = rule.days is not None and item.since < at - timedelta(days=rule.days)
        is_over = rule.bytes is not None and left > rule.bytes
        if (is_old or is_over) and not is_needed(item):
            yield Doomed(item, f"older than {rule.days:g} days" if is_old else _over(left, rule))
            left -= item.bytes


def _over(left: int, rule: _Rule) -> str:
    return f"{left} bytes of its kind are there, and {rule.bytes} are kept; it is the oldest"
