"""How far a followed job is, gathered from the frames of its stream by the service's own reckoning."""

from dataclasses import dataclass, field

from axo_contracts.frames import AttemptStarted, End, Frame, Phase, Progress, Status
from axo_contracts.pace import Pace
from axo_contracts.standing import Standing


@dataclass(slots=True)
class RunState:
    """What the frames up to now say. `waiting` is what the service says of a job while it is queued."""

    status: str = "queued"
    attempt: int = 0
    activity: str = ""
    waiting: str = ""
    _pace: Pace = field(default_factory=Pace)

    def apply(self, frame: Frame) -> None:
        """Take in the next frame."""
        match frame:
            case Status() | End():
                self.status, self.waiting = frame.status.value, ""
                return
            case AttemptStarted():
                self.attempt, self.activity = frame.attempt, ""
            case Phase():
                self.activity = frame.phase
            case Progress():
                self.activity = frame.description
            case _:
                pass
        self._pace.take(frame)

    def standing(self) -> Standing | None:
        """Return where the run stands; None before its first frame."""
        return self._pace.standing()
