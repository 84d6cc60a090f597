"""What a followed job waits for while it is queued: its stream says nothing then, so the job is asked for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from axo_cli.api import Api
from axo_cli.errors import CliError
from axo_cli.following.run_state import RunState
from axo_cli.following.views import View
from axo_contracts.standing_text import waiting_text

LOOK_SECONDS = 2.0


@contextmanager
def watching_the_queue(api: Api, job_id: str, state: RunState, view: View) -> Iterator[None]:
    """Keep `state.waiting` true, and have the view show it, while the job is queued and the block goes on."""
    is_over = threading.Event()
    watch = threading.Thread(target=_watch, args=(Api(api.url), job_id, state, view, is_over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()


def _watch(api: Api, job_id: str, state: RunState, view: View, is_over: threading.Event) -> None:
    with api:
        while not is_over.is_set():
            if state.status == "queued":
                _look(api, job_id, state, view)
            is_over.wait(LOOK_SECONDS)


def _look(api: Api, job_id: str, state: RunState, view: View) -> None:
    try:
        waiting = api.get(f"/v1/jobs/{job_id}").get("waiting")
    except CliError:  # the stream says when the service is away
        return
    if waiting and state.status == "queued":
        state.waiting = waiting_text(waiting)
        view.waits(state)
