"""Lists, page by page."""

from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases

JOBS = 45


@on_both_databases
def test_paging_to_the_end_shows_each_job_once_newest_first(plane: ControlPlane) -> None:
    mine = [plane.submit(name=f"job-{number}") for number in range(JOBS)]

    shown: list[str] = []
    path = "/v1/jobs?limit=7"
    while path:
        page = plane.get(path)
        ids = [job["id"] for job in page["data"]]
        assert (page["first_id"], page["last_id"]) == (ids[0], ids[-1])
        shown += ids
        path = f"/v1/jobs?limit=7&after={ids[-1]}" if page["has_more"] else ""

    assert shown[:JOBS] == mine[::-1]
    assert len(set(shown)) == len(shown)


def test_a_page_that_holds_all_there_is_has_no_more(plane: ControlPlane) -> None:
    mine = [plane.submit() for _ in range(3)]

    page = plane.get("/v1/jobs?limit=3&status=queued")

    assert [job["id"] for job in page["data"]] == mine[::-1]
    assert not page["has_more"]


def test_a_page_that_is_empty_has_no_cursor(plane: ControlPlane) -> None:
    assert plane.get("/v1/jobs?after=0") == {
        "object": "list",
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


def test_only_jobs_in_the_statuses_asked_for_are_listed(plane: ControlPlane) -> None:
    waiting, dropped = plane.submit(), plane.submit()
    plane.http.post(f"/v1/jobs/{dropped}/cancel").raise_for_status()

    assert [job["id"] for job in plane.get("/v1/jobs?status=queued")["data"]] == [waiting]
    assert plane.get("/v1/jobs?status=cancelled&limit=1")["data"][0]["id"] == dropped
    assert {waiting, dropped} <= {
        job["id"] for job in plane.get("/v1/jobs?status=queued&status=cancelled&limit=100")["data"]
    }


def test_jobs_that_come_while_paging_disturb_no_page(plane: ControlPlane) -> None:
    old = [plane.submit() for _ in range(6)]
    first = plane.get("/v1/jobs?limit=3&status=queued")

    plane.submit()
    second = plane.get(f"/v1/jobs?limit=3&status=queued&after={first['last_id']}")

    assert [job["id"] for job in (*first["data"], *second["data"])] == old[::-1]


def test_the_queue_says_what_each_job_waits_for(plane: ControlPlane) -> None:
    later, sooner = plane.submit(priority=-1), plane.submit(priority=5)

    queue = plane.get("/v1/queue")["data"]

    assert [(job["id"], job["position"], job["reason"]) for job in queue] == [
        (sooner, 1, "no worker is online"),
        (later, 2, "no worker is online"),
    ]
