"""Up to which recorded event none can turn up any more: numbers are given out before commits, which may overtake."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from axo_api.lifecycle.events import newest

_OPEN_TRANSACTIONS = text(
    "SELECT pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint, "
    "(SELECT coalesce(max(id), 0) FROM job_events) FROM pg_current_snapshot() AS now"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the record was at one moment: its newest event, and which transactions might still have been open.

    Those before `first_open` had ended; those from `unbegun` on had not begun, and will take later numbers.
    """

    newest: int
    first_open: int = 0
    unbegun: int = 0

    def is_settled_by(self, now: "Mark") -> bool:
        """Return whether all that was open at this mark has ended by the mark `now`."""
        return self.unbegun <= now.first_open


class Settled:
    """The last event, `until`, behind which no earlier one can turn up; None: that is not known yet."""

    def __init__(self) -> None:
        self.until: int | None = None
        self._waiting: Mark | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a newer event is known, and only an open transaction keeps it back."""
        return self._waiting is not None

    def note(self, now: Mark) -> None:
        """Take in a mark that is newer than all before."""
        if self._waiting and self._waiting.is_settled_by(now):
            self._advance(self._waiting.newest)
            self._waiting = None
        if now.is_settled_by(now):
            self._advance(now.newest)
            self._waiting = None
        elif self._waiting is None and now.newest != self.until:
            self._waiting = now

    def note_next(self, event_id: int) -> bool:
        """Return whether the next event that was found is settled: it is, too, when it has the very next number."""
        if self.until is not None and event_id == self.until + 1:
            self.until = event_id
        return self.until is not None and event_id <= self.until

    def _advance(self, event_id: int) -> None:
        self.until = max(event_id, self.until or 0)


def mark(connection: Connection) -> Mark:
    """Return how far the record is, seen in one snapshot. In SQLite writers take turns, so nothing is ever open."""
    if connection.dialect.name == "sqlite":
        return Mark(newest(connection))
    first_open, unbegun, newest_id = connection.execute(_OPEN_TRANSACTIONS).one()
    return Mark(newest_id, first_open, unbegun)
