"""What a run has read is told so that one version of it is told from another."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from axo_contracts.orders import InputFile, RunOrder
from axo_contracts.outputs import Source, SourceFile
from axo_worker import sources
from axo_worker.sources import base_of, datasets_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_model_of_a_hub_is_told_by_the_commit_that_came(tmp_path: Path) -> None:
    refs = tmp_path / "models--org--model" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text(COMMIT)

    base = base_of(_order(base_model="org/model"), tmp_path, tmp_path)
    pinned = base_of(_order(base_model="org/model", revision_of_model=COMMIT), tmp_path, tmp_path)
    unknown = base_of(_order(base_model="org/model", revision_of_model="v2"), tmp_path, tmp_path)

    assert (base.commit, pinned.commit, unknown.commit) == (COMMIT, COMMIT, None)


def test_a_local_model_is_told_by_its_files_and_a_large_one_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "HASHED_BYTES", 10)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes(b"{}")
    (tmp_path / "model" / "model.safetensors").write_bytes(bytes(11))

    base = base_of(_order(base_model=str(tmp_path / "model")), tmp_path, tmp_path)

    assert base.files == (
        SourceFile("config.json", 2, hashlib.sha256(b"{}").hexdigest()),
        SourceFile("model.safetensors", 11, None),
    )


def test_data_are_the_uploaded_files_and_what_the_config_names(tmp_path: Path) -> None:
    uploaded = InputFile(name="file-1.jsonl", source="files/1/file-1", bytes=7, sha256="abc")
    order = _order(
        inputs=(uploaded,),
        datasets=[{"path": "inputs/file-1.jsonl"}, {"path": "org/data", "revision": "v1"}, {"path": None}],
        pretraining_dataset="org/text",
    )

    assert datasets_of(order, tmp_path, tmp_path) == (
        Source(name="file-1", files=(SourceFile("file-1.jsonl", 7, "abc"),)),
        Source(name="org/data", revision="v1"),
    )


def _order(*, inputs: tuple[InputFile, ...] = (), **config: Any) -> RunOrder:
    return RunOrder(job_id="ftjob-1", attempt=1, config=config, inputs=inputs)
