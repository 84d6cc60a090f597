"""The job that is submitted: a model by its path, and rows that were uploaded."""

import json
from pathlib import Path
from typing import Any

import httpx

ROWS = [
    {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}!"}]} for n in range(8)
]


def make_spec(url: str, folder: Path) -> dict[str, Any]:
    """Make what a job needs, in `folder` and in the service at `url`, and return the job's spec."""
    model = folder / "model"
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text("{}")
    content = "".join(json.dumps(row) + "\n" for row in ROWS)
    answer = httpx.post(f"{url}/v1/files", files={"file": ("rows.jsonl", content)}, data={"purpose": "fine-tune"})
    answer.raise_for_status()
    return {"base_model": str(model), "datasets": [{"source": {"type": "file", "file_id": answer.json()["id"]}}]}
