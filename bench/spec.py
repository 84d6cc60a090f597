"""The job that is submitted: a model by its path, and rows that were uploaded."""

import json
from pathlib import Path
from typing import Any

import httpx

ROWS = [
    {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}!"}]} for n in range(8)
]


def make_spec(url: str, folder: Path, key: str | None = None) -> dict[str, Any]:
    """Make what a job needs, in `folder` and in the service at `url`, and return the job's spec."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    model = folder / "model"
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text("{}")
    content = "".join(json.dumps(row) + "\n" for row in ROWS)
    files = {"file": ("rows.jsonl", content)}
    answer = httpx.post(f"{url}/v1/files", headers=headers, files=files, data={"purpose": "fine-tune"})
    answer.raise_for_status()
    return {"base_model": str(model), "datasets": [{"source": {"type": "file", "file_id": answer.json()["id"]}}]}
