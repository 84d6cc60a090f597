"""A client of the service, as tests use it: over HTTP, and patient on conditions."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

ENDED = {"succeeded", "failed", "cancelled"}
SHORTEST_PAUSE = 0.02  # seconds between two looks
ROWS = [
    {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}!"}]} for n in range(8)
]
T = TypeVar("T")


class ServiceClient:
    """Submits jobs that train `model`, and waits for what becomes of them. `promised` are the jobs that it was told."""

    def __init__(self, port: int, model: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=20)
        self.model = model
        self.promised: list[str] = []
        self.settled: dict[str, int] = {}

    def answers_ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def upload(self, rows: list[dict[str, Any]] | None = None) -> str:
        content = "".join(json.dumps(row) + "\n" for row in rows or ROWS)
        answer = self.http.post("/v1/files", files={"file": ("rows.jsonl", content)}, data={"purpose": "fine-tune"})
        assert answer.status_code == 201, answer.text
        file_id: str = answer.json()["id"]
        return file_id

    def model_for(self, trainer: str) -> str:
        """Return a base model that the stand-in `trainer_of_the_model` trains as the stand-in `trainer` does."""
        model = self.model.with_name(trainer)
        model.mkdir(exist_ok=True)
        (model / "config.json").write_text("{}")
        return str(model)

    def spec(self, *, max_steps: int = 40, **fields: Any) -> dict[str, Any]:
        return {
            "base_model": str(self.model),
            "datasets": [{"source": {"type": "file", "file_id": self.upload()}}],
            "hyperparameters": {"max_steps": max_steps},
            **fields,
        }

    def submit(self, spec: dict[str, Any] | None = None, **fields: Any) -> str:
        answer = self.http.post("/v1/jobs", json=spec or self.spec(**fields))
        assert answer.status_code == 201, answer.text
        job_id: str = answer.json()["id"]
        self.promised.append(job_id)
        return job_id

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def tell(self, job_id: str, what: str) -> dict[str, Any]:
        """Cancel, pause or resume a job."""
        answer = self.http.post(f"/v1/jobs/{job_id}/{what}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def wait_for_job(
        self,
        job_id: str,
        is_so: Callable[[dict[str, Any]], object],
        what: str,
        seconds: float = 60,
        longest_pause: float = SHORTEST_PAUSE,
    ) -> dict[str, Any]:
        """Return the job once `is_so` of it, however often the service is away in between."""
        seen: dict[str, Any] = {}

        def reached() -> dict[str, Any] | None:
            nonlocal seen
            try:
                seen = self.job(job_id)
            except httpx.TransportError:
                return None
            found = seen if is_so(seen) else None
            assert found or seen["status"] not in ENDED, f"waited for {job_id} {what}; it is {_short(seen)}"
            return found

        return wait_for(reached, lambda: f"{job_id} {what}; it is {_short(seen)}", seconds, longest_pause)

    def wait_for_status(self, job_id: str, *statuses: str, seconds: float = 30) -> dict[str, Any]:
        return self.wait_for_job(job_id, lambda job: job["status"] in statuses, f"to be {statuses}", seconds)

    def wait_for_end(self, job_id: str, seconds: float = 150) -> dict[str, Any]:
        """Return the job once it has ended. To ask all the time would take a tenth of a processor from the trainer."""
        return self.wait_for_job(job_id, lambda job: job["status"] in ENDED, "to end", seconds, longest_pause=0.25)

    def wait_for_step(self, job_id: str, step: int, seconds: float = 60) -> dict[str, Any]:
        return self.wait_for_job(
            job_id,
            lambda job: job["progress"] is not None and job["progress"]["step"] >= step,
            f"to reach step {step}",
            seconds,
        )

    def stream(self, job_id: str) -> list[dict[str, Any]]:
        """Return all events of a job that has ended; the stream must end by itself."""
        with self.http.stream("GET", f"/v1/jobs/{job_id}/stream") as answer:
            assert answer.status_code == 200
            return [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]


def _short(job: dict[str, Any]) -> dict[str, Any]:
    return {name: job[name] for name in ("status", "attempt", "worker", "progress", "reason", "error") if name in job}


def wait_for(
    look: Callable[[], T | None], what: Callable[[], str], seconds: float, longest_pause: float = SHORTEST_PAUSE
) -> T:
    """Return what `look` returns, once that is true; looks ever more seldom, up to the longest pause."""
    deadline, pause = time.monotonic() + seconds, SHORTEST_PAUSE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what()}")
        time.sleep(pause)
        pause = min(pause * 1.2, longest_pause)
    return found
