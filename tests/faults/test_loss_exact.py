"""A run that was killed, paused and pre-empted at random steps ends as the one that never was: bit for bit."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.faults.looking import has_attempt
from tests.faults.tiny_jobs import REAL_TRAINER, dpo, said_of_steps, sft, tensors_of
from tests.stack.client import ENDED
from tests.stack.embedded import EmbeddedStack

StartStack = Callable[..., EmbeddedStack]
Method = Callable[[EmbeddedStack, Path, int], dict[str, Any]]
KILLED = ("agent", "slot", "horse", "guard")
LONGEST_START = 180  # seconds, of a trainer on a busy machine
STEPS_BETWEEN = (5, 9)  # so that a newer checkpoint lies between any two interruptions

pytestmark = [pytest.mark.trainer, pytest.mark.fault(29)]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("method", "interruptions"),
    [
        pytest.param(sft, 2, id="SFT, killed twice", marks=pytest.mark.faults_short),
        pytest.param(sft, 7, id="SFT, killed five times, paused and pre-empted", marks=pytest.mark.faults_long),
        pytest.param(dpo, 7, id="DPO, killed five times, paused and pre-empted", marks=pytest.mark.faults_long),
    ],
)
def test_an_interrupted_run_has_the_losses_and_the_adapter_of_an_uninterrupted_one(
    start_stack: StartStack, tiny_model: Path, chance: random.Random, method: Method, interruptions: int
) -> None:
    stack = start_stack(trainer=None, **REAL_TRAINER)
    last = interruptions * STEPS_BETWEEN[1] + 5
    spec = method(stack, tiny_model, last)
    whole = stack.submit(spec)
    assert stack.wait_for_end(whole, 300)["status"] == "succeeded", stack.job(whole)

    broken = stack.submit(spec)
    for attempt, what in enumerate(plan(chance, interruptions), start=1):
        reached = step_of(stack, broken)
        stack.wait_for_job(broken, has_attempt(attempt, "running"), f"to run attempt {attempt}", LONGEST_START)
        stack.wait_for_step(broken, reached + chance.randint(*STEPS_BETWEEN), LONGEST_START)
        interrupt(stack, broken, what)

    job = stack.wait_for_end(broken, 300)
    assert (job["status"], job["attempt"]) == ("succeeded", interruptions + 1), job
    expected = said_of_steps(stack, whole)
    assert list(expected) == list(range(1, last + 1))
    for step, said in said_of_steps(stack, broken).items():
        assert all(values == expected[step][0] for values in said), f"step {step} was {said}, not {expected[step]}"
    assert set(said_of_steps(stack, broken)) == set(expected)
    assert tensors_of(stack.storage, job) == tensors_of(stack.storage, stack.job(whole))


def plan(chance: random.Random, interruptions: int) -> list[str]:
    """Return what happens to the run, in a random order."""
    others = ["pause", "Ctrl-C"] if interruptions > 2 else []
    planned = others + chance.choices(KILLED, k=interruptions - len(others))
    chance.shuffle(planned)
    return planned


def step_of(stack: EmbeddedStack, job_id: str) -> int:
    progress = stack.job(job_id)["progress"]
    return progress["step"] if progress else 0


def interrupt(stack: EmbeddedStack, job_id: str, what: str) -> None:
    match what:
        case "pause":
            stack.tell(job_id, "pause")
            stack.wait_for_status(job_id, "paused", *ENDED)
            stack.tell(job_id, "resume")
        case "Ctrl-C":
            stack.stop()
            stack.start_again()
        case _:
            stack.process_of(what).kill()
