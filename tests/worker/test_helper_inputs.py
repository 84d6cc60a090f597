"""The inputs of a question to the helper, at their places on the worker's host."""

import gzip
from pathlib import Path

import pytest

from axo_contracts.orders import InputFile
from axo_worker.helping.inputs import MOST_PACKED_BYTES, placed


def _file(source: str, **fields: object) -> InputFile:
    return InputFile(**{"name": "rows.jsonl", "source": source, "bytes": 1, "sha256": "", **fields})  # type: ignore[arg-type]


def test_a_packed_input_is_unpacked_while_the_question_is_answered(tmp_path: Path) -> None:
    (tmp_path / "rows.gz").write_bytes(gzip.compress(b"{}\n"))

    with placed((_file("rows.gz", compression="gzip"), _file("plain.jsonl", name="plain.jsonl")), tmp_path) as inputs:
        unpacked, plain = (Path(file.source) for file in inputs)
        assert unpacked.read_bytes() == b"{}\n"
        assert plain == tmp_path / "plain.jsonl"

    assert not unpacked.exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (_file("../secret"), "not below the storage"),
        (_file("/etc/passwd"), "not below the storage"),
        (_file("rows", name="a/b"), "not below the storage"),
        (_file("rows.gz", bytes=MOST_PACKED_BYTES + 1, compression="gzip"), "upload it uncompressed"),
    ],
)
def test_an_input_that_cannot_be_placed_is_refused(tmp_path: Path, file: InputFile, said: str) -> None:
    with pytest.raises(ValueError, match=said), placed((file,), tmp_path):
        pass
