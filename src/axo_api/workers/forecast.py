"""When queued jobs will start: the dispatcher's own choices, played ahead. No input or output."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from axo_api.control.placement import Place, choose, hosts
from axo_api.workers.fleet import Run
from axo_api.workers.usual import Kind, UsualTimes
from axo_contracts.resources import Resources, WorkerState
from axo_contracts.tools import ToolName

MOST_PLAYED = 2000  # looks at a job; beyond that the rest is not foreseen


@dataclass(frozen=True, slots=True)
class Need:
    """A queued job: what it asks for, and what is known of how long it will take."""

    job_id: str
    resources: Resources
    kind: Kind
    max_steps: int | None = None
    avoid: str | None = None
    tools: tuple[ToolName, ...] = ()


@dataclass(frozen=True, slots=True)
class Going:
    """A run that holds a place, and for how long it still will; None: that cannot be known."""

    run: Run
    seconds_left: float | None


def starts(
    workers: Sequence[WorkerState], going: Sequence[Going], queue: Iterable[Need], usual: UsualTimes
) -> Mapping[str, float]:
    """Return in how many seconds jobs of `queue` will start, by id; 0: next. Without those that cannot be foreseen."""
    play = _Play(workers, going, usual)
    waiting = list(queue)
    while waiting and play.looks < MOST_PLAYED:
        waiting = play.place(waiting)
        if not play.goes_on():
            break
    return play.started


class _Play:
    """The fleet at a time to come, `at` seconds from now."""

    def __init__(self, workers: Sequence[WorkerState], going: Sequence[Going], usual: UsualTimes) -> None:
        self.started: dict[str, float] = {}
        self.looks = 0
        self._at = 0.0
        self._workers = workers
        self._usual = usual
        self._runs = {one.run.job_id: one.run for one in going}
        self._ends = [(one.seconds_left, one.run.job_id) for one in going if one.seconds_left is not None]
        heapq.heapify(self._ends)

    def place(self, waiting: Sequence[Need]) -> list[Need]:
        """Start what fits now, and return what goes on waiting."""
        left: list[Need] = []
        fleet = hosts(self._workers, self._runs.values())
        for number, need in enumerate(waiting):
            if not any(host.free_slots > 0 for host in fleet):
                return [*left, *waiting[number:]]
            self.looks += 1
            place = choose(need.resources, fleet, tools=need.tools, avoid=need.avoid)
            if isinstance(place, str):
                left.append(need)
            else:
                self._start(need, place)
                fleet = hosts(self._workers, self._runs.values())
        return left

    def goes_on(self) -> bool:
        """Turn to the moment when the next run ends. Return whether there is one that is known to."""
        if not self._ends:
            return False
        self._at, ended = heapq.heappop(self._ends)
        del self._runs[ended]
        return True

    def _start(self, need: Need, place: Place) -> None:
        self.started[need.job_id] = self._at
        self._runs[need.job_id] = Run(need.job_id, "", 0, place.worker.id, place.gpus)
        seconds = self._usual.seconds(need.kind, len(place.gpus), need.max_steps)
        if seconds is not None:
            heapq.heappush(self._ends, (self._at + seconds, need.job_id))


def next_free_seconds(going: Iterable[Going]) -> float | None:
    """Return in how many seconds the first of the places that are held will be free; None: that cannot be known."""
    return min((one.seconds_left for one in going if one.seconds_left is not None), default=None)
