"""Which of the worker's keys a push is given, and which folders it may write into."""

from pathlib import Path

import pytest

from axo_contracts.destinations import covering
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder
from axo_worker.failures import RunFailed
from axo_worker.kinds import launch_of
from axo_worker.run_folder import RunFolder, RunRecord
from axo_worker.settings import Settings

KEYS = {"HF_TOKEN": "hf_1", "AWS_SECRET_ACCESS_KEY": "aws_1", "GOOGLE_APPLICATION_CREDENTIALS": "/g", "AXO_SECRET": "x"}


def environment(tmp_path: Path, to: str, *destinations: str) -> dict[str, str]:
    """Return the environment of a push to a URL, on a worker that allows some."""
    settings = Settings(
        push_destinations=destinations, storage_root=tmp_path / "storage", worker_home=tmp_path / "worker"
    )
    order = RunOrder(job_id="ftjob-1", attempt=1, kind="push", config={"to": to})
    runtime = RunFolder.create(tmp_path / "worker", RunRecord(job_id="ftjob-1", attempt=1, token="1"))
    return launch_of(order, settings, runtime, None).environment


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("hf://me/model", {"HF_TOKEN"}),
        ("s3://bucket/models", {"AWS_SECRET_ACCESS_KEY"}),
        ("gs://bucket/models", {"GOOGLE_APPLICATION_CREDENTIALS"}),
        ("file:///exports/model", set()),
    ],
)
def test_a_push_is_given_the_keys_of_where_it_goes_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, expected: set[str]
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    given = environment(tmp_path, to, "hf://me", "s3://bucket", "gs://bucket", "file:///exports")

    assert KEYS.keys() & given.keys() == expected


def test_a_worker_without_a_token_says_which_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)

    with pytest.raises(RunFailed, match="set HF_TOKEN in the worker's environment") as refused:
        environment(tmp_path, "hf://me/model", "hf://")

    assert refused.value.reason is EndReason.DESTINATION_UNAVAILABLE


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("elsewhere/x", "AXO_PUSH_DESTINATIONS does not allow"),
        ("exports/link/x", "is a link, or lies behind one"),
        ("exports/link", "is a link, or lies behind one"),
        ("storage/x", "keeps its own files"),
        ("worker", "keeps its own files"),
        ("", "keeps its own files"),
    ],
)
def test_a_folder_of_the_service_or_behind_a_link_is_refused(tmp_path: Path, place: str, sentence: str) -> None:
    for name in ("exports", "storage", "worker", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "exports" / "link").symlink_to(tmp_path / "elsewhere")
    allowed = [f"file://{tmp_path}/{name}" for name in ("exports", "storage", "worker")]
    allowed += [f"file://{tmp_path}"] if not place else []

    with pytest.raises(RunFailed, match=sentence):
        environment(tmp_path, f"file://{tmp_path}/{place}".rstrip("/"), *allowed)


@pytest.mark.parametrize(
    ("to", "owner", "is_allowed"),
    [
        ("s3://bucket/me/model", "me", True),
        ("s3://bucket/me", "me", True),
        ("s3://bucket/you/model", "me", False),
        ("s3://bucket", "me", False),
        ("s3://bucket-2/me", "me", False),
        ("s3://bucket/you/model", None, True),
        ("hf://anybody/model", "me", True),
        ("gs://bucket/me", "me", False),
    ],
)
def test_a_destination_covers_what_lies_below_it(to: str, owner: str | None, is_allowed: bool) -> None:
    found = covering(to, ["s3://bucket/{owner}", "hf://"], owner=owner)

    assert (found is not None) is is_allowed
