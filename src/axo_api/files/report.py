"""What is known of a file's rows once it was read through."""

import msgspec

from axo_api.files.checking.histogram import Distribution
from axo_contracts.format_names import FormatName

MAX_PROBLEMS = 100  # listed; all are counted
EXCERPT_CHARACTERS = 120


class Problem(msgspec.Struct, frozen=True):
    """One row that cannot be used. Rows count from 1; blank lines are no rows."""

    row: int
    line: int
    reason: str
    excerpt: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. `format` is None when no row could be used. All but the first five are of good rows."""

    rows: int
    unpacked_bytes: int
    format: FormatName | None
    bad_rows: int
    problems: tuple[Problem, ...]
    roles: dict[str, int]
    turns: Distribution | None
    characters: Distribution | None
    duplicate_rows: int
    duplicate_rows_are_exact: bool
    empty_answers: int
    untrained_rows: int
