"""What is reported from inside the trainer's environment, as `trainer_plugin` and `tasks` write it."""

import msgspec

from axo_contracts.frames import PhaseName, Work


class TrainBegin(msgspec.Struct, frozen=True, tag="train_begin"):
    """The first step is about to be made, of a training or of what `phase` says."""

    step: int
    max_steps: int
    world_size: int
    phase: Work = "training"


class MetricReport(msgspec.Struct, frozen=True, tag="metric"):
    """The trainer logged some numbers."""

    step: int
    max_steps: int
    epoch: float | None
    values: dict[str, float | None]
    non_finite: dict[str, str]


class Save(msgspec.Struct, frozen=True, tag="save"):
    """A checkpoint was written; every rank is done with it."""

    step: int
    path: str


class Phase(msgspec.Struct, frozen=True, tag="phase"):
    """The trainer turned to another part of its work."""

    phase: PhaseName


class Alive(msgspec.Struct, frozen=True, tag="alive"):
    """The trainer made a step, or a part of an evaluation: said once a second at most."""

    step: int


class TrainEnd(msgspec.Struct, frozen=True, tag="train_end"):
    """The work that goes on in steps is over: by itself, or because it was asked to stop."""

    step: int
    stopped: bool


class Tracker(msgspec.Struct, frozen=True, tag="tracker"):
    """A tracker has begun to show the run, under an id of its own."""

    name: str
    run: str
    url: str | None


class TrackerLost(msgspec.Struct, frozen=True, tag="tracker_lost"):
    """A tracker failed while it trains, and is told nothing more."""

    name: str
    message: str


Report = TrainBegin | MetricReport | Save | Phase | Alive | TrainEnd | Tracker | TrackerLost

_decoder: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def parse_report(line: bytes) -> Report | None:
    """Return what `line` says, or None where it is damaged."""
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None
