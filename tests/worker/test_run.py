"""A run from its order to its end, with a stand-in for the trainer."""

from tests.worker.rig import Rig

from axo_contracts.frames import AttemptStarted, Checkpoint, Metric
from axo_contracts.lifecycle import EndReason


def test_a_run_says_all_that_its_trainer_said_and_that_it_completed(worker: Rig) -> None:
    worker.start("obeys_the_control_file")

    order = worker.order(config={"max_steps": 5})
    end = worker.wait_for_end(order)

    assert end.reason is EndReason.COMPLETED
    assert end.exit_code == 0
    frames = worker.frames(order)
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
    assert isinstance(frames[0], AttemptStarted)
    assert [frame.step for frame in frames if isinstance(frame, Metric)] == [1, 2, 3, 4, 5]
    assert [frame.path for frame in frames if isinstance(frame, Checkpoint)] == ["outputs/checkpoint-5"]
    assert [text for text in worker.texts(order) if text.startswith("step")] == [f"step {n}" for n in range(1, 6)]
