"""When queued jobs will start, by the dispatcher's own choices played ahead."""

from collections.abc import Mapping

import pytest
from tests.api.standin_worker import worker_state

from axo_api.workers.fleet import Run
from axo_api.workers.forecast import Going, Need, next_free_seconds, starts
from axo_api.workers.usual import Kind, RunTimes, UsualTimes
from axo_contracts.resources import Resources

KIND = Kind("org/model", "sft", "lora")
UNKNOWN = Kind("org/other", "sft", "lora")
USUAL = UsualTimes(
    {(KIND, gpus): RunTimes(seconds=[90.0, 100.0, 300.0], seconds_a_step=[1.0]) for gpus in (0, 1, 2, 4)}
)


def needs(*wanted: tuple[str, int], kind: Kind = KIND) -> list[Need]:
    return [Need(name, Resources(gpus=gpus), kind) for name, gpus in wanted]


def going(name: str, worker: str, *gpus: int, left: float | None) -> Going:
    return Going(Run(name, "somebody", 1, worker, gpus), left)


def foreseen(queue: list[Need], *runs: Going, gpus: int = 2) -> Mapping[str, float]:
    return starts([worker_state("a", gpus=gpus)], runs, queue, USUAL)


def test_what_fits_now_starts_next_and_what_is_behind_it_when_that_has_ended() -> None:
    found = foreseen(needs(("first", 2), ("second", 1), ("third", 1), ("fourth", 1)))

    assert found == {"first": 0, "second": 100, "third": 100, "fourth": 200}


def test_a_job_waits_until_enough_gpus_are_free_while_small_ones_pass_it() -> None:
    runs = going("x", "a", 0, left=60), going("y", "a", 1, left=500)

    assert foreseen(needs(("big", 2), ("small", 1)), *runs) == {"small": 60, "big": 500}


def test_nothing_is_foreseen_behind_a_run_of_which_nobody_knows_the_end() -> None:
    assert foreseen(needs(("waits", 2)), going("x", "a", 0, left=None)) == {}
    assert foreseen([*needs(("new", 2), kind=UNKNOWN), *needs(("waits", 2))]) == {"new": 0}


def test_a_job_that_says_its_steps_is_reckoned_by_them() -> None:
    short = Need("short", Resources(gpus=2), KIND, max_steps=7)

    assert foreseen([short, *needs(("next", 2))]) == {"short": 0, "next": 7}


def test_a_job_that_fits_no_worker_is_not_foreseen_and_holds_up_nobody() -> None:
    assert foreseen(needs(("huge", 64), ("small", 1))) == {"small": 0}


def test_the_next_place_is_free_when_the_first_run_of_a_known_end_ends() -> None:
    runs = [going("x", "a", 0, left=None), going("y", "a", 1, left=80), going("z", "b", 0, left=30)]

    assert next_free_seconds(runs) == pytest.approx(30)
    assert next_free_seconds(runs[:1]) is None
