"""What a run was asked to do, by whom so ever, before its trainer ended by itself."""

import os

from axo_contracts.lifecycle import EndReason

_WEIGHT = {
    None: 0,
    EndReason.PREEMPTED: 1,
    EndReason.PAUSED: 2,
    EndReason.TIMED_OUT: 3,
    EndReason.STALLED: 3,
    EndReason.CANCELLED: 4,
}


class StopRequest:
    """Set from any thread and from signal handlers; `fileno()` becomes readable then."""

    def __init__(self) -> None:
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.reason: EndReason | None = None
        self.is_leaving = False  # the worker was asked to leave
        self.is_abandoned = False  # the job is another's: nothing that this run says is wanted any more

    def ask(self, reason: EndReason) -> None:
        """Ask for a stop with a checkpoint. Of several reasons the weightiest holds: a cancelled pause is a cancel."""
        self.is_leaving |= reason is EndReason.PREEMPTED
        if _WEIGHT[reason] > _WEIGHT[self.reason]:
            self.reason = reason
            os.eventfd_write(self._wake, 1)

    def abandon(self) -> None:
        """Ask for an end at once, without a word: another attempt has the job."""
        self.is_abandoned = True
        os.eventfd_write(self._wake, 1)

    def fileno(self) -> int:
        return self._wake

    def clear_wake(self) -> None:
        """Make `fileno()` unreadable until the next request."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return
