"""Where a run stands, in words: the same on a terminal and in a bot's message."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from axo_contracts.standing import Standing

UNSURE = 0.25  # of the time left: beyond that the spread is said


def progress_sentence(standing: Standing) -> str:
    """Return where a run stands in one line: step 120 of 1000, training, loss 0.83, 1.2 steps/s, 12 min left."""
    return ", ".join(_parts(standing))


def loss_text(loss: float | None, non_finite: dict[str, str]) -> str | None:
    """Return a loss with four digits, or what it was where it is no number; None where none was said."""
    return f"{loss:.4g}" if loss is not None else non_finite.get("loss")


def time_left(standing: Standing) -> str | None:
    """Return how long a run still takes, with the spread where that is wide; None where it cannot be known."""
    eta, low, high = standing.eta_seconds, standing.eta_low_seconds, standing.eta_high_seconds
    if eta is None:
        return None
    if low is not None and high is not None and high - low > 2 * UNSURE * eta and rough(low) != rough(high):
        return f"{rough(low)} to {rough(high)} left"
    return f"{rough(eta)} left"


def pace_text(steps_per_second: float) -> str:
    """Return how fast steps are: 1.2 steps/s, or 47 s a step."""
    return f"{steps_per_second:.3g} steps/s" if steps_per_second >= 1 else f"{1 / steps_per_second:.3g} s a step"


def waiting_text(waiting: Mapping[str, Any]) -> str:
    """Return in one line what a queued job's `waiting` says in the API: its place, what it waits for, its start."""
    text = f"place {waiting['position']}: {waiting['reason']}"
    start = start_text(waiting["estimated_start"])
    return f"{text}; starts {start}" if start else text


def start_text(estimated: str | None) -> str | None:
    """Return when a queued job starts: in about 5 min; None where that is not known, or is now."""
    if estimated is None:
        return None
    seconds = (datetime.fromisoformat(estimated) - datetime.now(UTC)).total_seconds()
    return f"in about {rough(seconds)}" if seconds >= 1 else None


def rough(seconds: float) -> str:
    """Return a length of time no finer than it is known: 42 s, 12 min, 2 h 10 min, 3 d 4 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 60 * 24:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (60 * 24)} d {minutes // 60 % 24} h"


def _parts(standing: Standing) -> Iterator[str]:
    if standing.max_steps:
        yield f"step {standing.step} of {standing.max_steps}"
    if standing.phase and (standing.phase != "training" or not standing.max_steps):
        yield standing.phase
    if (loss := loss_text(standing.loss, standing.non_finite)) is not None:
        yield f"loss {loss}"
    if standing.steps_per_second:
        yield pace_text(standing.steps_per_second)
    if (left := time_left(standing)) is not None:
        yield left
