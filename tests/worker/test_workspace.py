"""What a run finds in its folder: its inputs as they were uploaded, its config, and a checkpoint that is whole."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml
from backports import zstd
from tests.worker.rig import Rig

from axo_contracts import storage_paths
from axo_contracts.frames import AttemptStarted
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import InputFile, RunOrder
from axo_contracts.outputs import CHECKPOINT_MANIFEST
from axo_contracts.wrappings import Compression


def stored(worker: Rig, content: bytes) -> InputFile:
    path = worker.storage / "files" / "rows.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return InputFile(name="train.jsonl", source="files/rows.jsonl", bytes=len(content), sha256=digest)


def folder_of(worker: Rig, order: RunOrder) -> Path:
    return worker.storage / storage_paths.attempt(order.job_id, order.attempt)


def test_tools_of_rows_reach_the_trainer_as_text_and_the_upload_stays_as_it_is(worker: Rig) -> None:
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"properties": {"default": 1}}}}]
    plain, nested = b'{"messages":[]}\n', {"input": {"messages": [], "tools": tools}}
    content = plain + msgspec.json.encode({"tools": tools}) + b"\n" + msgspec.json.encode(nested) + b'\n{"tools": cut'
    file = stored(worker, content)
    worker.start("obeys_the_control_file")
    order = worker.order(inputs=(file,), config={"max_steps": 1})

    worker.wait_for_end(order)

    lines = (folder_of(worker, order) / storage_paths.INPUTS / "train.jsonl").read_bytes().splitlines(keepends=True)
    assert (lines[0], lines[3]) == (plain, b'{"tools": cut')
    assert msgspec.json.decode(msgspec.json.decode(lines[1])["tools"]) == tools
    assert msgspec.json.decode(msgspec.json.decode(lines[2])["input"]["tools"]) == tools
    assert (worker.storage / file.source).read_bytes() == content


def test_inputs_and_config_are_in_the_attempts_folder(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(inputs=(stored(worker, b"{}\n"),), config={"max_steps": 1})

    worker.wait_for_end(order)

    folder = folder_of(worker, order)
    assert (folder / "inputs" / "train.jsonl").read_bytes() == b"{}\n"
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["plugins"] == ["axo_trainer_plugin.plugin.AxoPlugin"]
    assert "resume_from_checkpoint" not in config


@pytest.mark.parametrize(("compression", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_a_compressed_input_reaches_the_trainer_unpacked(
    worker: Rig, compression: Compression, pack: Callable[[bytes], bytes]
) -> None:
    worker.start("obeys_the_control_file")
    file = msgspec.structs.replace(stored(worker, pack(b"{}\n" * 1000)), compression=compression)
    order = worker.order(inputs=(file,), config={"max_steps": 1})

    worker.wait_for_end(order)

    assert (folder_of(worker, order) / "inputs" / "train.jsonl").read_bytes() == b"{}\n" * 1000


@pytest.mark.parametrize("sin", ["changed", "missing", "outside"])
def test_an_input_that_is_not_what_was_uploaded_ends_the_run(worker: Rig, sin: str) -> None:
    file = stored(worker, b"{}\n")
    if sin == "changed":
        (worker.storage / file.source).write_bytes(b"[]\n")
    elif sin == "missing":
        (worker.storage / file.source).unlink()
    else:
        file = InputFile(name="passwd", source="../../etc/passwd", bytes=1, sha256="")
    worker.start("obeys_the_control_file")

    end = worker.wait_for_end(worker.order(inputs=(file,)))

    assert end.reason in (EndReason.BAD_DATA, EndReason.BAD_CONFIG)
    assert file.name in end.message or file.source in end.message


def test_a_run_goes_on_from_its_newest_whole_checkpoint(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    first = worker.order()
    worker.wait_for_training(first)
    worker.ask(first, "pause")
    worker.wait_for_end(first)
    reached = max(int(path.name.partition("-")[2]) for path in (folder_of(worker, first) / "outputs").glob("check*"))

    second = worker.order(
        job_id=first.job_id,
        attempt=2,
        checkpoints_from=(str(storage_paths.attempt(first.job_id, 1)),),
        config={"max_steps": reached + 2},
    )

    assert worker.wait_for_end(second).reason is EndReason.COMPLETED
    started = next(frame for frame in worker.frames(second) if isinstance(frame, AttemptStarted))
    assert started.resumed_from_step == reached
    steps = [text for text in worker.texts(second) if text.startswith("step")]
    assert steps == [f"step {reached + 1}", f"step {reached + 2}"]


@pytest.mark.parametrize("sin", ["torn", "changed", "missing", "unsealed"])
def test_a_checkpoint_that_is_not_whole_is_skipped_with_a_word(worker: Rig, sin: str) -> None:
    worker.start("obeys_the_control_file")
    first = worker.order(config={"max_steps": 2})
    worker.wait_for_end(first)
    checkpoint = folder_of(worker, first) / "outputs" / "checkpoint-2"
    weights = checkpoint / "adapter_model.safetensors"
    if sin == "torn":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif sin == "changed":
        weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    elif sin == "missing":
        weights.unlink()
    else:
        (checkpoint / CHECKPOINT_MANIFEST).unlink()

    second = worker.order(
        job_id=first.job_id,
        attempt=2,
        checkpoints_from=(str(storage_paths.attempt(first.job_id, 1)),),
        config={"max_steps": 1},
    )

    assert worker.wait_for_end(second).reason is EndReason.COMPLETED
    assert any("Skipped: checkpoint-2 of attempt 1 is not whole" in text for text in worker.texts(second))
    started = next(frame for frame in worker.frames(second) if isinstance(frame, AttemptStarted))
    assert (started.resumed_from_step, len(started.skipped)) == (None, 1)
    assert "step 1" in worker.texts(second)
