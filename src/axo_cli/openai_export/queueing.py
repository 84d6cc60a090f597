"""Queueing what was planned. Done again, it finds what it has made: by the file's hash, and by the job's label."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axo_cli import uploading
from axo_cli.api import Api
from axo_cli.openai_export.planning import LABEL, Planned, request
from axo_cli.openai_export.reading import Object

_SUFFIXES = (".jsonl", ".json", ".csv", ".parquet", ".gz", ".zst")


class Queue:
    """A service that an export's jobs are queued on."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._file_ids: dict[Path, str] = {}
        self._known: dict[str, str] | None = None

    def imported(self, old: Object) -> Object | None:
        """Return the newest job that was made for one of the export's, if there is one."""
        found = self._api.get("/v1/fine_tuning/jobs", **{f"metadata[{LABEL}]": old["id"], "limit": 1})["data"]
        return found[0] if found else None

    def submit(self, planned: Planned) -> Object:
        """Upload a job's files, where they are not there yet, and queue it."""
        for path in (planned.training, planned.validation):
            if path is not None and path not in self._file_ids:
                self._file_ids[path] = self._uploaded(path)
        asked = request(planned, self._file_ids)
        job: Object = self._api.post("/v1/fine_tuning/jobs", asked, key=f"openai-{planned.old['id']}")
        return job

    def name(self, old: Object, job: Object) -> None:
        """Have the name of what the old job trained stand for what the new one trains."""
        if old_name := old.get("fine_tuned_model"):
            self._api.put_json(f"/v1/models/{quote(str(old_name), safe='')}", {"job_id": job["id"]})

    def _uploaded(self, path: Path) -> str:
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        known = self._hashes()
        if sha256 not in known:
            name = path.name if path.suffix in _SUFFIXES else f"{path.name}.jsonl"
            known[sha256] = str(uploading.upload(self._api, path, name=name)["id"])
        return known[sha256]

    def _hashes(self) -> dict[str, str]:
        """Return the ids of the service's files by their hashes."""
        if self._known is None:
            self._known, after = {}, None
            while True:
                page: dict[str, Any] = self._api.get("/v1/files", purpose="fine-tune", limit=100, after=after)
                self._known |= {file["sha256"]: file["id"] for file in page["data"]}
                if not page["has_more"]:
                    break
                after = page["last_id"]
        return self._known
