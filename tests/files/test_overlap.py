"""Rows that two files share, and rows that one has twice."""

from pathlib import Path

import pytest
from tests.api_process import ApiProcess
from tests.files.uploads import CHAT, rows, uploaded

from axo_api.files.checking import row_hashes
from axo_api.files.checking.row_hashes import RowHashes, common_rows
from axo_contracts import storage_paths


def test_what_two_files_share_is_counted(api: ApiProcess) -> None:
    train = uploaded(api, rows(*({**CHAT, "id": number} for number in range(100))))
    validation = uploaded(api, rows(*({**CHAT, "id": number} for number in (5, 6, 6, 7, 200))))

    found = api.http.get(f"/v1/files/{train}/overlap", params={"with": validation}).json()

    assert (found["common_rows"], found["is_exact"]) == (3, True)
    assert (found["file_id"], found["other_file_id"]) == (train, validation)
    for file_id in (train, validation):
        assert api.http.get(f"/v1/files/{file_id}/overlap", params={"with": file_id}).json()["common_rows"] > 3


def test_a_file_that_is_not_there_has_nothing_in_common(api: ApiProcess) -> None:
    file_id = uploaded(api, rows(CHAT))

    for other, status in (("file-" + "0" * 26, 404), ("../../etc/passwd", 400), (file_id, 200)):
        answer = api.http.get(f"/v1/files/{file_id}/overlap", params={"with": other})
        assert answer.status_code == status


def test_a_deleted_file_leaves_no_hashes(api: ApiProcess) -> None:
    file_id = uploaded(api, rows(CHAT))
    hashes = api.storage_root / storage_paths.row_hashes(file_id)
    assert hashes.is_file()

    api.http.delete(f"/v1/files/{file_id}").raise_for_status()

    assert not hashes.exists()


def test_a_file_of_an_earlier_version_says_that_it_cannot_be_compared(api: ApiProcess) -> None:
    file_id = uploaded(api, rows(CHAT))
    (api.storage_root / storage_paths.row_hashes(file_id)).unlink()

    answer = api.http.get(f"/v1/files/{file_id}/overlap", params={"with": file_id})

    assert answer.status_code == 409
    assert "upload it again" in answer.json()["error"]["message"]


def test_a_sample_of_very_many_rows_estimates_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_hashes, "_MOST_HASHES", 20_000)
    large, small = RowHashes(), RowHashes()
    for start in range(0, 100_000, 1000):
        large.add([b"%d" % number for number in range(start, start + 1000)])
        large.add([b"%d" % number for number in range(start, start + 200)])
    small.add([b"%d" % number for number in range(90_000, 105_000)])
    large.write(tmp_path / "large")
    small.write(tmp_path / "small")

    duplicates, shared = large.duplicates(), common_rows(tmp_path / "large", tmp_path / "small")

    assert not duplicates.is_exact
    assert duplicates.rows == pytest.approx(20_000, rel=0.1)
    assert not shared.is_exact
    assert shared.rows == pytest.approx(10_000, rel=0.1)
    assert small.duplicates() == (0, True)
