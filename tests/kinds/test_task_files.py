"""What tasks leave: files that are whole or not there, and figures that a hand would come to."""

import shutil
from pathlib import Path

import pytest
from tests.faults.small_disk import SmallDisk, can_mount

from axo_worker.kinds.task import missing_file
from axo_worker.tasks.comparison import Measured, compared, described
from axo_worker.tasks.output import whole_file, whole_folder, write_line


def test_a_disk_that_fills_leaves_no_half_of_a_file_and_no_half_of_a_model(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("only root mounts a small disk")
    disk = SmallDisk(tmp_path, megabytes=1)
    try:
        outputs = disk.path / "outputs"
        outputs.mkdir()
        with pytest.raises(OSError, match="No space left"):
            _write_scores(disk.path / "scores.jsonl")
        with pytest.raises(OSError, match="No space left"):
            _write_model(outputs)
        left = [path for path in disk.path.rglob("*") if path.is_file()]
        is_free = shutil.disk_usage(disk.path).free > 900 * 1024
    finally:
        disk.close()

    assert left == []
    assert is_free


def test_a_folder_takes_its_place_whole_and_only_once_it_is(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()

    with whole_folder(outputs) as folder:
        (folder / "config.json").write_text("{}")
        seen_meanwhile = list(outputs.iterdir())

    assert seen_meanwhile == []
    assert list(tmp_path.rglob("*")) == [outputs, outputs / "config.json"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "scores.jsonl was not written"),
        ('{"row": 1}\n{"row": ', "scores.jsonl can't be read"),
        ("", "scores.jsonl can't be read"),
        ('{"row": 1}\n{"row": 2}\n', None),
    ],
    ids=["missing", "cut short", "empty", "whole"],
)
def test_a_result_counts_when_its_files_can_be_read(tmp_path: Path, content: str | None, problem: str | None) -> None:
    if content is not None:
        (tmp_path / "scores.jsonl").write_text(content)

    found = missing_file(tmp_path, ("scores.jsonl",))

    assert found is None if problem is None else str(found).startswith(problem)


def test_a_difference_is_paired_row_by_row() -> None:
    base = Measured("base", 0, nats={1: 20.0, 2: 6.0}, tokens={1: 10, 2: 2}, scores={1: 0.0, 2: 1.0})
    ours = Measured("ours", 0, nats={1: 10.0, 2: 4.0}, tokens={1: 10, 2: 2}, scores={1: 1.0, 2: 1.0})

    difference = compared([ours, base])

    assert described(base)["loss"]["value"] == pytest.approx(26 / 12)
    assert described(base)["score"] == {"value": 0.5, "standard_error": pytest.approx(0.5)}
    assert difference == {
        "of": "ours",
        "from": "base",
        "loss": {"value": -1.0, "standard_error": 0.0},
        "score": {"value": 0.5, "standard_error": pytest.approx(0.5)},
    }


def test_losses_over_other_tokens_are_not_compared() -> None:
    base = Measured("base", 0, nats={1: 20.0}, tokens={1: 12})
    ours = Measured("ours", 0, nats={1: 10.0}, tokens={1: 10})

    difference = compared([ours, base])

    assert difference is not None
    assert difference["loss"] is None
    assert difference["score"] is None


def _write_scores(path: Path) -> None:
    with whole_file(path) as file:
        for row in range(100_000):
            write_line(file, {"row": row})


def _write_model(outputs: Path) -> None:
    with whole_folder(outputs) as folder:
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(bytes(2 * 1024**2))
