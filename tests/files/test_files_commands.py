"""`axo files` against a running service."""

import json
import subprocess
import sys
from pathlib import Path

from tests.api_process import ApiProcess
from tests.files.uploads import CHAT, rows, uploaded

from axo_cli.uploading import LARGE_BYTES


def test_a_file_is_uploaded_reported_shown_and_compared(api: ApiProcess, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(rows(CHAT, CHAT) + b"nonsense\n")

    uploaded_as = _axo(api, "upload", path).stdout
    file_id = uploaded_as.split()[0]

    assert "Rows that cannot be used: 1" in uploaded_as
    report = _axo(api, "report", file_id).stdout
    assert "chat_template" in report
    assert "It is not JSON" in report
    assert "Rows that are there again, byte for byte: 1." in report
    assert json.loads(_axo(api, "report", file_id, "--json").stdout)["bad_rows"] == 1
    assert json.loads(_axo(api, "preview", file_id, "--rows", "1").stdout) == CHAT
    assert _axo(api, "overlap", file_id, uploaded(api, rows(CHAT))).stdout == "Rows that are in both files: 1.\n"


def test_a_large_file_goes_on_where_its_upload_broke_off(api: ApiProcess, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(rows({**CHAT, "note": "x" * 10_000}) * (LARGE_BYTES // 10_000))
    size = path.stat().st_size
    begun = api.http.post("/v1/files/uploads", json={"filename": path.name, "bytes": size}).json()["id"]
    part = path.read_bytes()[:12_345_678]
    api.http.put(f"/v1/files/uploads/{begun}", content=part, headers={"Upload-Offset": "0"}).raise_for_status()

    resumed = json.loads(_axo(api, "upload", path, "--resume", begun, "--json").stdout)
    fresh = json.loads(_axo(api, "upload", path, "--json").stdout)

    assert resumed["bytes"] == size
    assert resumed["sha256"] == fresh["sha256"]
    assert resumed["id"] != fresh["id"]


def _axo(api: ApiProcess, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axo_cli", "files", *map(str, arguments), "--url", api.url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
