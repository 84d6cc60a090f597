"""What /openapi.json says is what the service does, for whatever is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.keyed_plane import KeyedPlane
from tests.api.schemathesis_run import run_schemathesis
from tests.api.standin_helper import StandInHelper
from tests.api.standin_worker import StandInWorker
from tests.redis_server import RedisServer
from tests.waiting import wait_for

from axo_contracts.questions import Previewed, SeenRow

SECONDS = 50
ROWS = b'{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}\n' * 3


@pytest.fixture
def whole(tmp_path: Path, redis_server: RedisServer) -> Iterator[KeyedPlane]:
    """A control plane of the test's own, with a worker that is online but takes no order."""
    plane = KeyedPlane(tmp_path, redis_server, f"sqlite:///{tmp_path}/axo.db", AXO_REQUIRE_KEYS="true")
    plane.create_first_key()
    plane.start()
    worker = StandInWorker(redis_server.url)
    helper = StandInHelper(worker, Previewed(rows=(SeenRow(row=1, text="4", ids=(4,), pieces=("4",)),)))
    helper.start()
    worker.start()
    wait_for(lambda: plane.http.get("/readyz").is_success, "the worker to be seen")
    yield plane
    helper.close()
    worker.vanish()
    plane.close()


@pytest.mark.timeout(300)
def test_no_answer_is_a_bug_or_undocumented(whole: KeyedPlane, tmp_path: Path) -> None:
    admin = whole.caller("admin", "unsafe_code")
    upload = admin.http.post("/v1/files/uploads", json={"filename": "rows.jsonl"})
    hook = admin.http.post("/v1/webhook_endpoints", json={"url": "https://127.0.0.1/hook"})
    known = {
        "job_id": admin.submit(),
        "file_id": admin.upload(ROWS),
        "upload_id": upload.json()["id"],
        "endpoint_id": hook.json()["id"],
        "with": admin.upload(ROWS * 2),
    }

    verdict = run_schemathesis(whole.url, admin.key, known, tmp_path, seconds=SECONDS)

    print(verdict.text)
    assert verdict.is_good, verdict.text
