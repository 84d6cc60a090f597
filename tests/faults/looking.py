"""What tests of faults look for in a job and its record."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pytest
from _pytest.mark import ParameterSet
from tests.stack.client import ServiceClient


class _Asked(Protocol):
    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]: ...


def has_attempt(number: int, *statuses: str) -> Callable[[dict[str, Any]], bool]:
    """Return whether a job is at its attempt `number`, in one of `statuses`."""
    return lambda job: job["attempt"] == number and job["status"] in statuses


def newest_checkpoint(system: _Asked, job_id: str) -> int:
    """Return the step of the newest checkpoint that the database knows."""
    return max(int(row[0]) for row in system.rows("SELECT step FROM checkpoints WHERE job_id = ?", job_id))


def resumed_from(client: ServiceClient, job_id: str) -> list[int | None]:
    """Return, for each attempt of an ended job, the step from which it went on."""
    return [event["resumed_from_step"] for event in client.stream(job_id) if event["type"] == "attempt_started"]


def steps_of(client: ServiceClient, job_id: str) -> list[int]:
    """Return the steps that an ended job's record tells of, in its order."""
    return [event["step"] for event in client.stream(job_id) if event["type"] == "metric"]


def let_pass(seconds: float) -> None:
    """Let time pass: the moment at which something breaks is by chance, and no condition."""
    time.sleep(seconds)


def long(*values: object) -> Sequence[ParameterSet]:
    """Return parameters that are left to `make faults`."""
    return [pytest.param(value, marks=pytest.mark.faults_long) for value in values]
