"""How a run ends before its trainer was even started."""

from axo_contracts.lifecycle import ENDINGS, EndReason


class AlreadyBegun(Exception):
    """The attempt has run before: its order is an old one, out of a Redis that was set back."""


class RunFailed(Exception):
    """The run can't go on; `reason` says why, and the message is for a person."""

    def __init__(self, reason: EndReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def sentence_with(reason: EndReason, detail: str) -> str:
    """Return what a reason means, with what was found of it."""
    return f"{ENDINGS[reason].sentence.rstrip('.')} ({detail.rstrip('.')})."
