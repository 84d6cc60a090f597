"""The one writer of a job's journal: one append-only file, a frame a line."""

from pathlib import Path

import msgspec

from axo_api.journals.line_file import LineFile
from axo_api.journals.reading import blocks_backwards, prefix_of

_OF_JOB = (prefix_of("status"), prefix_of("end"))


class _Numbered(msgspec.Struct):
    attempt: int = 0
    seq: int = 0
    event: int = 0


class Journal(LineFile):
    """An open journal. A job's journal has one of these at a time.

    `last_attempt` and `last_seq` are those of the newest frame that a run said, and `last_event` the number of the
    newest `status` or `end`, as found when the journal was opened (0: none). Opening it raises `msgspec.DecodeError`
    when its newest line is no frame.
    """

    def __init__(self, descriptor: int, end: int, unsynced_folder: Path | None = None) -> None:
        super().__init__(descriptor, end, unsynced_folder)
        self.last_attempt, self.last_seq, self.last_event = _newest_numbers(descriptor, end)


def _newest_numbers(descriptor: int, end: int) -> tuple[int, int, int]:
    newest: dict[bool, _Numbered] = {}
    for _, block in blocks_backwards(descriptor, end):
        for is_of_job in {True, False} - newest.keys():
            lines = [line for line in block.splitlines() if line.startswith(_OF_JOB) is is_of_job]
            if lines:
                newest[is_of_job] = msgspec.json.decode(lines[-1], type=_Numbered)
        if len(newest) == 2:
            break
    run, of_job = newest.get(False, _Numbered()), newest.get(True, _Numbered())
    return run.attempt, run.seq, of_job.event
