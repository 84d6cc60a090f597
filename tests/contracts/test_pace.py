"""How far a run is and when it will be done, reckoned from what it says."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from axo_contracts.frames import AttemptEnded, AttemptStarted, Metric, Phase, PhaseName, RunFrame, Step
from axo_contracts.lifecycle import EndReason
from axo_contracts.pace import Pace
from axo_contracts.standing import Standing
from axo_contracts.standing_text import pace_text, progress_sentence

BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Story:
    """A run that is told second by second."""

    def __init__(self, *, attempt: int = 1, step: int = 0, max_steps: int = 1000) -> None:
        self.frames: list[RunFrame] = []
        self.attempt, self.step, self.seconds = attempt, step, 0.0
        self.frames.append(AttemptStarted(**self.stamp(), worker="w", gpus=(), resumed_from_step=step or None))
        self.frames.append(Phase(**self.stamp(), phase="training", step=step, max_steps=max_steps))

    def stamp(self) -> dict[str, Any]:
        return {
            "attempt": self.attempt,
            "seq": len(self.frames) + 1,
            "time": BEGIN + timedelta(seconds=self.seconds),
        }

    def steps(self, *seconds: float) -> "Story":
        for one in seconds:
            self.seconds += one
            self.step += 1
            self.frames.append(Step(**self.stamp(), step=self.step))
        return self

    def turns_to(self, phase: PhaseName, *, after: float = 0.0) -> "Story":
        self.seconds += after
        self.frames.append(Phase(**self.stamp(), phase=phase))
        return self

    def logs(self, values: dict[str, float | None], non_finite: dict[str, str] | None = None) -> "Story":
        metric: dict[str, Any] = {"step": self.step, "max_steps": 1000, "epoch": None, "values": values}
        self.frames.append(Metric(**self.stamp(), **metric, non_finite=non_finite or {}))
        return self


def standing(frames: Iterable[RunFrame]) -> Standing:
    pace = Pace()
    for frame in frames:
        pace.take(frame)
    found = pace.standing()
    assert found is not None
    return found


def test_nothing_is_said_of_the_end_before_two_steps_were_made() -> None:
    assert standing(Story().frames).eta_seconds is None
    assert standing(Story().steps(30).frames).eta_seconds is None


def test_the_first_step_which_warms_up_does_not_count() -> None:
    found = standing(Story(max_steps=110).steps(60, *[2.0] * 9).frames)

    assert found.steps_per_second == pytest.approx(0.5)
    assert found.eta_seconds == pytest.approx(200)


def test_steady_steps_leave_no_doubt_and_uneven_ones_do() -> None:
    steady = standing(Story().steps(*[2.0] * 20).frames)
    uneven = standing(Story().steps(*[1.0, 3.0] * 10).frames)

    assert steady.eta_low_seconds == steady.eta_seconds == steady.eta_high_seconds
    assert uneven.eta_low_seconds is not None
    assert uneven.eta_seconds is not None
    assert uneven.eta_high_seconds is not None
    assert uneven.eta_low_seconds < uneven.eta_seconds < uneven.eta_high_seconds


def test_an_evaluation_does_not_slow_the_pace_and_those_to_come_are_added_once_each() -> None:
    story = Story(max_steps=30).steps(*[2.0] * 10).turns_to("evaluating").turns_to("training", after=100)

    found = standing(story.steps(2.0).frames)

    assert found.steps_per_second == pytest.approx(0.5)
    assert found.eta_seconds == pytest.approx(19 * 2 + 100)  # one more at step 20; with the last step it is done


def test_an_evaluation_before_the_first_step_says_nothing_of_those_to_come() -> None:
    story = Story().turns_to("evaluating").turns_to("training", after=300).steps(*[1.0] * 10)

    assert standing(story.frames).eta_seconds == pytest.approx(990)


def test_while_it_evaluates_the_time_left_stands_still_until_it_is_known_how_long_that_takes() -> None:
    first = Story(max_steps=100).steps(*[2.0] * 10).turns_to("evaluating")
    long_after = BEGIN + timedelta(hours=1)

    at_first = standing(first.frames)
    again = standing(first.turns_to("training", after=40).steps(*[2.0] * 10).turns_to("evaluating").frames)

    assert at_first.seen_at(long_after).eta_seconds == at_first.eta_seconds == pytest.approx(180)
    assert again.eta_seconds is not None
    assert again.seen_at(long_after).eta_seconds == pytest.approx(again.eta_seconds - 40)


def test_a_resumed_run_counts_only_its_own_pace() -> None:
    slow, fast = Story().steps(*[60.0] * 10), Story(attempt=2, step=500).steps(*[1.0] * 5)

    found = standing([*slow.frames, *fast.frames])

    assert (found.attempt, found.step) == (2, 505)
    assert found.steps_per_second == pytest.approx(1.0)
    assert found.eta_seconds == pytest.approx(495)


def test_numbers_from_before_a_resume_are_no_pace() -> None:
    story = Story(attempt=2, step=500)
    for step in (498, 499, 500):
        story.frames.append(
            Metric(**story.stamp(), step=step, max_steps=1000, epoch=1.0, values={"loss": 0.5}, non_finite={})
        )

    found = standing(story.steps(*[1.0] * 5).frames)

    assert found.step == 505
    assert found.steps_per_second == pytest.approx(1.0)


def test_many_fast_steps_are_taken_together_and_a_change_of_pace_is_seen() -> None:
    found = standing(Story(max_steps=100_000).steps(*[0.01] * 2000, *[0.1] * 1000).frames)

    assert found.steps_per_second == pytest.approx(10, rel=0.05)


def test_a_loss_that_is_no_number_is_shown_as_what_it_is() -> None:
    story = Story().steps(1.0).logs({"loss": 0.5}).steps(1.0).logs({"loss": None}, {"loss": "nan"})

    found = standing(story.frames)

    assert (found.loss, found.non_finite) == (None, {"loss": "nan"})
    assert "loss nan" in progress_sentence(found)
    assert standing(story.steps(1.0).logs({"loss": 0.4}).frames).non_finite == {}


def test_tokens_have_a_rate_of_their_own() -> None:
    story = Story()
    for step in range(1, 6):
        story.steps(2.0).logs({"loss": 1.0, "tokens_seen": 1000.0 * step})

    found = standing(story.frames)

    assert found.tokens == 5000
    assert found.tokens_per_second == pytest.approx(500)


def test_a_run_that_has_ended_has_no_time_left() -> None:
    story = Story().steps(*[1.0] * 10)
    end = AttemptEnded(**story.stamp(), reason=EndReason.PAUSED, message="")

    found = standing([*story.frames, end])

    assert (found.phase, found.eta_seconds, found.step) == (None, None, 10)


def test_what_was_known_before_a_restart_of_the_service_is_not_forgotten() -> None:
    story = Story().steps(*[1.0] * 10).logs({"loss": 0.5})
    pace = Pace(standing(story.frames))

    for frame in story.steps(1.0, 1.0).frames[-2:]:
        pace.take(frame)

    found = pace.standing()
    assert found is not None
    assert (found.step, found.max_steps, found.phase, found.loss) == (12, 1000, "training", 0.5)
    assert found.eta_seconds == pytest.approx(988)


@pytest.mark.parametrize("spread", [0.0, 400.0])
def test_a_sentence_says_the_spread_only_where_it_is_wide(spread: float) -> None:
    low, high = 720.0 - spread, 720.0 + spread
    found = Standing(
        attempt=1,
        time=BEGIN,
        phase="training",
        step=120,
        max_steps=1000,
        eta_seconds=720.0,
        eta_low_seconds=low,
        eta_high_seconds=high,
    )

    assert progress_sentence(found).endswith("5 min 20 s to 19 min left" if spread else "step 120 of 1000, 12 min left")


@pytest.mark.parametrize(("rate", "text"), [(12.34, "12.3 steps/s"), (1.0, "1 steps/s"), (1 / 47, "47 s a step")])
def test_slow_steps_are_told_by_their_length(rate: float, text: str) -> None:
    assert pace_text(rate) == text
