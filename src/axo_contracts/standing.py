"""How far a run is and how long it still takes: what the database keeps of it, and what clients and bots are shown."""

from datetime import datetime
from typing import Annotated

import msgspec

from axo_contracts.frames import PhaseName


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its frames up to `time` say. What is None was not said, or cannot be known (yet).

    A loss that is NaN or infinite is None, and named in `non_finite`.
    """

    attempt: int
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    phase: PhaseName | None = None
    step: int = 0
    max_steps: int | None = None
    epoch: float | None = None
    loss: float | None = None
    non_finite: dict[str, str] = {}
    tokens: int | None = None  # that the model has read, padding left out
    steps_per_second: float | None = None  # over the newest steps, evaluating and saving left out
    tokens_per_second: float | None = None
    eta_seconds: float | None = None  # from `time` to the end of the last step, evaluating and saving included
    eta_low_seconds: float | None = None
    eta_high_seconds: float | None = None
    silent_seconds: float = 0.0  # for how long no word from the run is as expected, so that the ETA passes meanwhile

    def seen_at(self, moment: datetime) -> "Standing":
        """Return the standing with its ETA counted down to `moment`, as far as the run's silence is as expected."""
        if self.eta_seconds is None:
            return self
        passed = min(max(0.0, (moment - self.time).total_seconds()), self.silent_seconds)
        low, high = self.eta_low_seconds, self.eta_high_seconds
        return msgspec.structs.replace(
            self,
            eta_seconds=max(0.0, self.eta_seconds - passed),
            eta_low_seconds=None if low is None else max(0.0, low - passed),
            eta_high_seconds=None if high is None else max(0.0, high - passed),
        )


def standing_from_json(data: object) -> Standing | None:
    """Return the standing that was kept as JSON; None for nothing, or for one of another version of axo."""
    try:
        return None if data is None else msgspec.convert(data, Standing)
    except msgspec.ValidationError:
        return None
