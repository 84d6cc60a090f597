"""What has changed of the fleet since it was last told of. No input or output: only the comparison."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from axo_contracts.events import WORKER_DRAINED, WORKER_LOST, WORKER_ONLINE
from axo_contracts.resources import WorkerState


class Known(NamedTuple):
    """A worker as it was last told of. `state` is online, draining or drained."""

    id: str
    boot_id: str
    state: str
    host: str


@dataclass(frozen=True, slots=True)
class Change:
    """A worker is otherwise than it was told of: what is known of it from now on (None: it is gone), and the event."""

    worker_id: str
    host: str
    known: Known | None
    event: str | None = None
    message: str = ""


def changes(
    live: Mapping[str, WorkerState], known: Mapping[str, Known], *, gone: Mapping[str, bool], busy: Collection[str]
) -> Iterator[Change]:
    """Yield what is new of the workers that live, of those that are `gone` (true: with a goodbye), and of no others."""
    for worker in live.values():
        before = known.get(worker.id)
        state = _state_of(worker, is_busy=worker.id in busy)
        if before is not None and (before.boot_id, before.state) == (worker.boot_id, state):
            continue
        event, message = _told_of(worker, before, state)
        yield Change(
            worker.id, worker.host, Known(worker.id, worker.boot_id, state, worker.host), event=event, message=message
        )
    for name, said_goodbye in gone.items():
        yield _departure(known[name], said_goodbye=said_goodbye, is_busy=name in busy)


def _state_of(worker: WorkerState, *, is_busy: bool) -> str:
    if worker.state == "online":
        return "online"
    return "draining" if is_busy else "drained"


def _told_of(worker: WorkerState, before: Known | None, state: str) -> tuple[str | None, str]:
    if state == "online":
        gpus = len(worker.capabilities.gpus)
        return WORKER_ONLINE, f"Worker {worker.id} is online with {gpus or 'no'} GPU{'' if gpus == 1 else 's'}."
    if state == "drained" and before is not None:
        return WORKER_DRAINED, f"Worker {worker.id} takes no more jobs and has none left."
    return None, ""


def _departure(known: Known, *, said_goodbye: bool, is_busy: bool) -> Change:
    if known.state == "drained":
        return Change(known.id, known.host, None)
    if said_goodbye or (known.state == "draining" and not is_busy):
        message = f"Worker {known.id} has left as it was asked to."
        return Change(known.id, known.host, None, event=WORKER_DRAINED, message=message)
    message = f"Worker {known.id} was not heard of any more; what it ran goes on elsewhere."
    return Change(known.id, known.host, None, event=WORKER_LOST, message=message)
