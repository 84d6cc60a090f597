"""What goes by the operator's rules, and what never does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.api_process import ApiProcess
from tests.housekeeping.ended import EndedJob, axo, content_of, upload
from tests.waiting import wait_for

from axo_api.app import create_app
from axo_api.housekeeping.choosing import doomed
from axo_api.housekeeping.items import Item
from axo_api.housekeeping.removing import remove
from axo_api.settings import Settings, SweepSettings

AT = datetime(2026, 5, 1, tzinfo=UTC)


def test_what_is_old_is_listed_first_and_then_goes_and_nothing_else(api: ApiProcess) -> None:
    old, young, needed = upload(api, days_ago=40), upload(api, days_ago=20), upload(api, days_ago=40)
    api.submit(datasets=[{"source": {"type": "file", "file_id": needed}}])
    ended, recent = EndedJob(api), EndedJob(api, days_ago=1)
    going, named = ended.keep_checkpoint(1), ended.keep_checkpoint(2)
    ended.name("ft:named", step=2)
    fresh = recent.keep_checkpoint(1)
    expected = {("file", old), ("log", ended.id), ("scratch", f"jobs/{ended.id}/attempts/1/inputs")}
    expected.add(("checkpoint", ended.checkpoint_id(1)))
    halves = [ended.outputs / name for name in ("checkpoint-3", ".checkpoint-4.removed")]
    halves.append(ended.outputs.with_name(".outputs.removed"))
    for half in halves:
        half.mkdir()
        expected.add(("scratch", str(half.relative_to(api.storage_root))))
    own = _named_like_checkpoints(ended.outputs)
    made = {old, young, needed, ended.id, recent.id}

    listed = api.http.get("/v1/housekeeping").json()
    still_there = [path.exists() for path in (content_of(api, old), going, ended.inputs)]
    swept = axo(api, "gc")
    again = api.http.get("/v1/housekeeping").json()

    assert listed["dry_run"] is True
    of_ours = [item for item in listed["data"] if made & {item["id"], item["job_id"]}]
    assert {(item["kind"], item["id"]) for item in of_ours} == expected
    assert {item["why"] for item in of_ours} == {"older than 30 days"}
    assert all(still_there)
    assert swept.returncode == 0, swept.stderr
    assert "things went" in swept.stdout
    assert (again["count"], again["data"], again["failed"]) == (0, [], {})
    assert not any(path.exists() for path in (content_of(api, old), going, ended.inputs, *halves))
    kept = content_of(api, young), content_of(api, needed), named, fresh, recent.inputs, ended.outputs
    assert all(path.exists() for path in (*kept, *own))
    assert (ended.steps(), recent.steps()) == ({2}, {1})
    assert api.http.get(f"/v1/files/{old}").status_code == 404


def test_a_job_without_its_log_still_ends_and_has_its_metrics(api: ApiProcess) -> None:
    ended = EndedJob(api)
    url = f"{api.url}/v1/jobs/{ended.id}"

    api.http.post("/v1/housekeeping")

    events = [line for line in api.http.get(f"{url}/stream").text.splitlines() if line.startswith("event:")]
    assert api.http.get(f"{url}/logs").text == ""
    assert [event.partition(": ")[2] for event in events] == ["status", "status", "end"]
    assert api.http.get(f"{url}/metrics", params={"names": "loss"}).json()["data"][0]["values"] == [0.5]


def test_a_checkpoint_that_a_live_job_goes_on_from_stays(api: ApiProcess) -> None:
    ended = EndedJob(api)
    checkpoint = ended.keep_checkpoint(5)
    retried = api.http.post(f"/v1/jobs/{ended.id}/retry")
    assert retried.status_code == 201, retried.text

    api.http.post("/v1/housekeeping")
    stayed = checkpoint.exists()
    api.http.post(f"/v1/jobs/{retried.json()['id']}/cancel")
    api.http.post("/v1/housekeeping")

    assert stayed
    assert not checkpoint.exists()


def test_what_cannot_be_looked_at_keeps_nothing_else_from_going(api: ApiProcess) -> None:
    damaged, other = EndedJob(api), EndedJob(api)
    no_folder = damaged.inputs.parent.with_name("2")
    no_folder.write_text("notes")

    swept = api.http.post("/v1/housekeeping")

    assert swept.status_code == 200, swept.text
    assert not any(inputs.exists() for inputs in (damaged.inputs, other.inputs))
    assert no_folder.exists()
    assert f"jobs/{damaged.id}/attempts/2 cannot be looked at" in api.output.read_text()


async def test_a_checkpoint_that_was_named_since_it_was_looked_at_is_not_said_to_be_swept_away(api: ApiProcess) -> None:
    ended = EndedJob(api)
    checkpoint = ended.keep_checkpoint(3)
    item = Item("checkpoint", ended.checkpoint_id(3), "me", AT, 1000, job_id=ended.id, attempt=1, step=3)
    app = create_app(Settings(database_url=api.database_url, storage_root=api.storage_root, run_control_loop=False))

    ended.name("ft:kept", step=3)
    async with app.router.lifespan_context(app):
        why = await remove(app.state.parts, item)

    assert why is not None
    assert "since it was looked at" in why
    assert checkpoint.exists()


def test_the_command_says_what_would_go_and_why(api: ApiProcess) -> None:
    ended = EndedJob(api)

    said = axo(api, "gc", "--dry-run")

    assert said.returncode == 0, said.stderr
    assert ended.id in said.stdout
    assert "would go" in said.stdout
    assert ended.inputs.exists()


def test_what_is_too_much_goes_oldest_first_but_what_is_needed_stays() -> None:
    items = [_file(name, days_ago=days, size=10) for name, days in (("c", 1), ("a", 3), ("b", 2), ("d", 0))]

    found = doomed(items, SweepSettings(files_bytes=15), AT, lambda item: item.id == "a")

    assert [(one.item.id, one.why) for one in found] == [
        ("b", "40 bytes of its kind are there, and 15 are kept; it is the oldest"),
        ("c", "30 bytes of its kind are there, and 15 are kept; it is the oldest"),
        ("d", "20 bytes of its kind are there, and 15 are kept; it is the oldest"),
    ]


def test_without_a_rule_nothing_of_a_kind_goes() -> None:
    items = [_file("a", days_ago=1000, size=10**15)]

    assert not [*doomed(items, SweepSettings(logs_days=1), AT, lambda _: False)]


@pytest.fixture
def looping(tmp_path: Path) -> Iterator[ApiProcess]:
    """A control plane that looks for what is to go all the time."""
    process = ApiProcess(tmp_path)
    process.settings |= {
        "AXO_RUN_CONTROL_LOOP": "true",
        "AXO_SWEEP__FILES_DAYS": "30",
        "AXO_SWEEP__EVERY_HOURS": "0.00005",
    }
    process.start()
    yield process
    process.close()


def test_rules_are_followed_without_being_asked(looping: ApiProcess) -> None:
    old, young = upload(looping, days_ago=31), upload(looping, days_ago=29)

    def is_gone() -> bool:
        return not content_of(looping, old).exists()

    wait_for(is_gone, "the old file to go")
    assert looping.http.get(f"/v1/files/{young}").status_code == 200


def _named_like_checkpoints(outputs: Path) -> list[Path]:
    """Make what a job's own code may leave beside its checkpoints."""
    folders = [outputs / name for name in ("best-checkpoint-42", "checkpoint-best", ".checkpoint-notes.removed")]
    for folder in folders:
        folder.mkdir()
    files = [outputs / name for name in ("checkpoint-notes.txt", "eval-checkpoint-3.json", "checkpoint-5")]
    for file in files:
        file.write_text("notes")
    (link := outputs / "checkpoint-6").symlink_to(folders[0].name)
    return [*folders, *files, link]


def _file(name: str, *, days_ago: float, size: int) -> Item:
    fields: dict[str, Any] = {"owner": "me", "since": AT - timedelta(days=days_ago), "bytes": size}
    return Item(kind="file", id=name, **fields)
