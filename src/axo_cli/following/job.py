"""Follow one job to its end."""

import time
from typing import Any

from axo_cli.api import Api
from axo_cli.following.queue_watch import watching_the_queue
from axo_cli.following.run_state import RunState
from axo_cli.following.views import View
from axo_cli.sse import follow
from axo_contracts.frames import decode
from axo_contracts.lifecycle import TERMINAL

EXIT_CODES = {"succeeded": 0}
RECORDED_WITHIN_SECONDS = 5.0


def follow_job(api: Api, job_id: str, view: View) -> dict[str, Any]:
    """Show the job's stream from its start until it ends, over as many connections as it takes. Return the job."""
    state = RunState()
    with view, watching_the_queue(api, job_id, state, view):
        for event in follow(api, f"/v1/jobs/{job_id}/stream", on_drop=view.dropped):
            frame = decode(event.data)
            state.apply(frame)
            view.show(event, frame, state)
    return _ended_job(api, job_id)


def exit_code(job: dict[str, Any]) -> int:
    """Return 0 for a job that succeeded, 1 for one that ended otherwise."""
    return EXIT_CODES.get(job["status"], 1)


def _ended_job(api: Api, job_id: str) -> dict[str, Any]:
    """Return the job once its row says what its stream has said."""
    deadline = time.monotonic() + RECORDED_WITHIN_SECONDS
    while True:
        job: dict[str, Any] = api.get(f"/v1/jobs/{job_id}")
        if job["status"] in TERMINAL or time.monotonic() > deadline:
            return job
        time.sleep(0.1)
