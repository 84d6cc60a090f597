"""A run from its order to its end, with a stand-in for the trainer."""

import msgspec
from tests.worker.rig import Rig

from axo_contracts import storage_paths
from axo_contracts.frames import AttemptStarted, Checkpoint, Metric
from axo_contracts.lifecycle import EndReason
from axo_contracts.outputs import RECORD, AttemptRecord


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


def test_the_record_of_a_run_has_its_result_and_no_checkpoint_nor_one_that_is_being_removed(worker: Rig) -> None:
    worker.start("loses_a_checkpoint")

    order = worker.order()
    worker.wait_for_end(order)

    folder = worker.storage / storage_paths.attempt(order.job_id, order.attempt)
    record = msgspec.json.decode((folder / RECORD).read_bytes(), type=AttemptRecord)
    assert [file.path for file in record.outputs] == ["adapter_model.safetensors"]
