"""What was measured by a checkpoint's step, as its attempt knew it."""

from datetime import UTC, datetime

from axo_api.metrics.job_metrics import JobMetrics, Known
from axo_api.metrics.parts import Waiting
from axo_contracts.frames import Metric


def _part(attempt: int, first_step: int, eval_losses: dict[int, float | None]) -> Waiting:
    said = []
    for step in range(first_step, max(eval_losses) + 1):
        said.append(_metric(attempt, step, {"loss": 1.0 * step}))
        if step in eval_losses:
            said.append(_metric(attempt, step, {"eval_loss": eval_losses[step]}))
    return Waiting(attempt, first_step, max(eval_losses), said)


def _metric(attempt: int, step: int, values: dict[str, float | None]) -> Metric:
    return Metric(attempt=attempt, seq=1, time=datetime.now(UTC), step=step, max_steps=9, epoch=None, values=values)


def test_the_newest_value_up_to_the_step_counts_and_a_later_attempt_says_nothing_of_an_earlier_one() -> None:
    metrics = JobMetrics("ftjob-1", [_part(1, 1, {2: 2.0, 4: 1.0, 6: 0.5}), _part(2, 5, {6: 0.7, 8: None})])

    first = metrics.known_by(1, [1, 5, 6], ["loss", "eval_loss"])
    second = metrics.known_by(2, [5, 7, 8], ["eval_loss"])

    assert first[1] == {"loss": Known(1, 1.0)}
    assert (first[5]["eval_loss"], first[6]["eval_loss"]) == (Known(4, 1.0), Known(6, 0.5))
    assert [second[step]["eval_loss"] for step in (5, 7, 8)] == [Known(4, 1.0), Known(6, 0.7), Known(8, None)]
