"""Which worker a job gets, and what is said when none fits."""

import pytest
from msgspec import structs
from tests.api.standin_worker import worker_state

from axo_api.control.placement import Host, Place, choose, hosts
from axo_api.monitoring.families import waiting_for
from axo_api.workers.fleet import Run
from axo_contracts.readings import GpuTrouble
from axo_contracts.resources import Resources, WorkerState


def fleet(*workers: WorkerState, busy: tuple[Run, ...] = ()) -> list[Host]:
    """Return the hosts, less what the runs hold."""
    return hosts(workers, busy)


def run(worker_id: str, *gpus: int) -> Run:
    """Return a run that holds GPUs of a worker."""
    return Run("ftjob-x", "local", 1, worker_id, gpus)


def placed(answer: Place | str) -> tuple[str, tuple[int, ...]]:
    """Return where a job was placed."""
    assert isinstance(answer, Place), answer
    return answer.worker.id, answer.gpus


def test_auto_takes_one_gpu_where_there_is_one() -> None:
    assert placed(choose(Resources(), fleet(worker_state("cpu"), worker_state("gpu", gpus=2)))) == ("gpu", (0,))


def test_auto_takes_a_cpu_where_no_worker_has_a_gpu() -> None:
    assert placed(choose(Resources(), fleet(worker_state("cpu")))) == ("cpu", ())


def test_a_job_for_the_cpu_leaves_the_gpus_alone() -> None:
    host = fleet(worker_state("gpu", gpus=2), busy=(run("gpu"),))

    assert placed(choose(Resources(gpus=2), host)) == ("gpu", (0, 1))


def test_a_job_for_two_gpus_gets_two_free_ones_of_one_host() -> None:
    workers = worker_state("a", gpus=2), worker_state("b", gpus=4)

    assert placed(choose(Resources(gpus=2), fleet(*workers, busy=(run("a", 0), run("b", 1))))) == ("b", (0, 2))


def test_of_the_hosts_that_fit_the_fullest_is_taken() -> None:
    workers = worker_state("a", gpus=8), worker_state("b", gpus=8), worker_state("c", gpus=1)

    assert placed(choose(Resources(gpus=1), fleet(*workers))) == ("c", (0,))
    assert placed(choose(Resources(gpus=2), fleet(*workers, busy=(run("b", 0, 1, 2, 3, 4),)))) == ("b", (5, 6))


def test_a_worker_that_lost_the_job_is_taken_only_when_there_is_no_other() -> None:
    alone = fleet(worker_state("a", gpus=1))
    with_another = fleet(worker_state("a", gpus=1), worker_state("b", gpus=8))

    assert placed(choose(Resources(), alone, avoid="a")) == ("a", (0,))
    assert placed(choose(Resources(), with_another, avoid="a")) == ("b", (0,))


@pytest.mark.parametrize(
    "absent", [worker_state("a", gpus=8, state="draining"), worker_state("a", gpus=8, trouble="its disk is full")]
)
def test_a_worker_that_drains_or_is_in_trouble_takes_nothing(absent: WorkerState) -> None:
    assert placed(choose(Resources(), fleet(absent, worker_state("b", gpus=8)))) == ("b", (0,))
    assert isinstance(choose(Resources(), fleet(absent)), str)


WAITS = {
    "no worker": ([], 1, "no worker is online"),
    "a worker that drains": ([worker_state("a", state="draining")], 0, "every worker is draining"),
    "a worker in trouble": ([worker_state("a", trouble="no room")], 0, "no worker can take it (a: no room)"),
    "too few GPUs anywhere": (
        [worker_state("a", gpus=2)],
        4,
        "needs 4 GPUs on one host; the largest worker has 2",
    ),
}


@pytest.mark.parametrize(("workers", "gpus", "sentence"), WAITS.values(), ids=WAITS.keys())
def test_a_job_that_waits_is_told_what_for(workers: list[WorkerState], gpus: int, sentence: str) -> None:
    assert choose(Resources(gpus=gpus), fleet(*workers)) == sentence


def test_a_job_waits_for_gpus_that_others_hold() -> None:
    host = fleet(worker_state("a", gpus=2), busy=(run("a", 0),))

    assert choose(Resources(gpus=2), host) == "needs 2 GPUs, 1 free"


NEEDS_RESET = GpuTrouble(index=0, kind="xid", message="GPU 0 needs a reset.", takes_no_work=True)
SLOWED_DOWN = GpuTrouble(index=0, kind="throttled", message="GPU 0 is slowed down.")


def test_a_gpu_that_needs_a_reset_gets_no_work_and_a_job_that_waits_is_told() -> None:
    worker = structs.replace(worker_state("a", gpus=2), gpu_troubles=(NEEDS_RESET,))

    assert placed(choose(Resources(gpus=1), fleet(worker))) == ("a", (1,))
    assert choose(Resources(gpus=2), fleet(worker)) == "needs 2 GPUs, 1 free, 1 out of service"
    assert waiting_for("needs 2 GPUs, 1 free, 1 out of service") == "no_free_gpus"


def test_a_gpu_that_is_slowed_down_gets_work() -> None:
    worker = structs.replace(worker_state("a", gpus=1), gpu_troubles=(SLOWED_DOWN,))

    assert placed(choose(Resources(gpus=1), fleet(worker))) == ("a", (0,))


def test_a_host_without_gpus_does_one_run_at_a_time() -> None:
    assert choose(Resources(), fleet(worker_state("cpu"), busy=(run("cpu"),))) == "waits for a free slot"


def test_gpus_of_a_host_add_up_whatever_comes_and_goes() -> None:
    worker = worker_state("a", gpus=4)
    held: list[Run] = []

    while isinstance(place := choose(Resources(gpus=1), fleet(worker, busy=tuple(held))), Place):
        held.append(run("a", *place.gpus))

    assert sorted(gpu for one in held for gpu in one.gpus) == [0, 1, 2, 3]
