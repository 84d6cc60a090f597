"""Of two at the same moment, in two processes, one comes first, and the other sees what it has done."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, select, text, update
from tests.postgres import PostgresServer
from tests.waiting import wait_for

from axo_api.checkpoints.reasons import RemovedBecause
from axo_api.checkpoints.removing import mark_step, mark_unwanted
from axo_api.clock import now
from axo_api.errors import Conflict, JustMoved
from axo_api.files.service import forget_expired, remove
from axo_api.jobs.deleting import take_back
from axo_api.jobs.service import Submission, submit_all
from axo_api.migrations import upgrade
from axo_api.models import aliases
from axo_api.models.aliases import Move
from axo_api.models.dependents import take_back_result
from axo_api.models.service import ModelNotFound, checkpoint_of, forget_result, result_of
from axo_api.tables import checkpoints, files, jobs
from axo_contracts.ids import JOB, new_id
from axo_contracts.jobs import spec_from_json

TRAINED, READER, CHECKPOINT = new_id(JOB), "ftjob-reader", "ftckpt-1"
RESULT = f"jobs/{TRAINED}/attempts/1/outputs"
FOLDER = f"{RESULT}/checkpoint-1"
FILE = f"file-{'0' * 26}"
TYPED = {"kind": "train", "base_model": "org/model", "datasets": [{"source": {"type": "file", "file_id": FILE}}]}
WHOLE = {"kind": "train", "config": {"base_model": "org/model", "datasets": [{"path": FILE, "type": "chat_template"}]}}
ON_HUB = {"base_model": "org/model", "datasets": [{"source": {"type": "hub", "repo_id": "org/rows"}}]}


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[Engine]:
    """A Postgres with a job that has ended, and its checkpoint."""
    url = postgres.new_database()
    upgrade(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        _add_job(connection, TRAINED, "succeeded", result_attempt=1, models={"base_model": {"called": "org/base"}})
        row = {"id": CHECKPOINT, "job_id": TRAINED, "attempt": 1, "step": 1, "path": "outputs/checkpoint-1", "bytes": 1}
        connection.execute(insert(checkpoints).values(**row, created_at=now()))
    yield engine
    engine.dispose()


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """What does the second of the two."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_deletion_waits_for_a_use_that_is_being_written_down_and_then_leaves_it(
    engine: Engine, aside: ThreadPoolExecutor
) -> None:
    with engine.begin() as using:
        assert checkpoint_of(using, TRAINED, 1) is not None
        deleting = aside.submit(_delete, engine)
        _wait_until_it_waits(engine, deleting)
        _add_job(using, READER, "queued", checkpoints_from=[FOLDER])

    with pytest.raises(Conflict, match=READER):
        deleting.result(30)
    with engine.begin() as connection:
        assert mark_unwanted(connection, [CHECKPOINT], RemovedBecause.KEEP) == []


def test_a_use_waits_for_a_deletion_and_then_finds_nothing(engine: Engine, aside: ThreadPoolExecutor) -> None:
    with engine.begin() as deleting:
        assert len(mark_unwanted(deleting, [CHECKPOINT], RemovedBecause.KEEP)) == 1
        using = aside.submit(_use, engine)
        _wait_until_it_waits(engine, using)

    assert using.result(30) is None


@pytest.mark.parametrize(
    ("spec", "has_expired", "removes"),
    [
        pytest.param(TYPED, False, partial(remove, file_id=FILE, owner="me"), id="a deletion"),
        pytest.param(WHOLE, True, forget_expired, id="its expiry"),
    ],
)
def test_a_file_stays_that_a_job_is_being_given(
    engine: Engine,
    aside: ThreadPoolExecutor,
    spec: dict[str, Any],
    has_expired: bool,
    removes: Callable[[Connection], Any],
) -> None:
    with engine.begin() as connection:
        _add_file(connection, has_expired=has_expired)
    with engine.begin() as using:
        submit_all(using, [Submission.of(spec_from_json(spec), owner="me")])
        removing = aside.submit(_remove, engine, removes)
        _wait_until_it_waits(engine, removing)

    removing.result(30)
    with engine.begin() as connection:
        assert connection.execute(select(files.c.id)).scalars().all() == [FILE]


def test_the_deletion_of_a_result_waits_for_a_use_that_is_being_written_down_and_then_leaves_it(
    engine: Engine, aside: ThreadPoolExecutor
) -> None:
    with engine.begin() as using:
        assert str(result_of(using, TRAINED)) == RESULT
        deleting = aside.submit(_delete_result, engine)
        _wait_until_it_waits(engine, deleting)
        _add_job(using, READER, "queued", weights_from=RESULT)

    with pytest.raises(Conflict, match=READER):
        deleting.result(30)
    with engine.begin() as connection:
        assert str(result_of(connection, TRAINED)) == RESULT


def test_a_use_waits_for_the_deletion_of_a_result_and_is_then_told_of_it(
    engine: Engine, aside: ThreadPoolExecutor
) -> None:
    with engine.begin() as deleting:
        take_back_result(deleting, TRAINED, owner=None, force=False)
        using = aside.submit(_use_result, engine)
        _wait_until_it_waits(engine, using)

    with pytest.raises(ModelNotFound, match="is being deleted"):
        using.result(30)


def test_of_two_deletions_of_a_result_the_later_one_finds_nothing_and_leaves_nothing(
    engine: Engine, aside: ThreadPoolExecutor
) -> None:
    with engine.begin() as deleting:
        take_back_result(deleting, TRAINED, owner=None, force=False)
        forget_result(deleting, TRAINED, owner=None)
        late = aside.submit(_delete_result, engine)
        _wait_until_it_waits(engine, late)

    with pytest.raises(ModelNotFound):
        late.result(30)
    with engine.begin() as connection:
        going_at = connection.execute(select(jobs.c.result_going_at).where(jobs.c.id == TRAINED)).scalar_one()
    assert going_at is None


def test_the_deletion_of_a_job_waits_for_a_training_that_is_being_given_what_it_has_prepared_and_then_leaves_it(
    engine: Engine, aside: ThreadPoolExecutor
) -> None:
    with engine.begin() as connection:
        prepared = _submit(connection, ON_HUB | {"kind": "preprocess"})
        done = {"status": "succeeded", "result_attempt": 1}
        connection.execute(update(jobs).where(jobs.c.id == prepared).values(done))
    with engine.begin() as using:
        reader = _submit(using, ON_HUB | {"kind": "train", "prepared": prepared})
        deleting = aside.submit(_delete_job, engine, prepared)
        _wait_until_it_waits(engine, deleting)

    with pytest.raises(Conflict, match=reader):
        deleting.result(30)


def test_a_move_of_a_name_that_was_judged_by_what_it_stood_for_is_not_made_when_it_was_moved_since(
    engine: Engine, aside: ThreadPoolExecutor
) -> None:
    first = Move(TRAINED, 1, "me", undo_to=None)
    with engine.begin() as connection:
        before = aliases.add(connection, "ft:x@prod", first, owner="me", expected=None)["id"]
    second = Move(TRAINED, None, "me", undo_to=before)
    with engine.begin() as moving:
        aliases.add(moving, "ft:x@prod", second, owner="me", expected=before)
        late = aside.submit(_move, engine, second, before)
        _wait_until_it_waits(engine, late)

    with pytest.raises(JustMoved):
        late.result(30)


def _move(engine: Engine, move: Move, expected: str) -> None:
    with engine.begin() as connection:
        aliases.add(connection, "ft:x@prod", move, owner="me", expected=expected)


def _delete(engine: Engine) -> None:
    with engine.begin() as connection:
        mark_step(connection, TRAINED, 1, owner=None, newest_whole=None)


def _use(engine: Engine) -> Any:
    with engine.begin() as connection:
        return checkpoint_of(connection, TRAINED, 1)


def _remove(engine: Engine, removes: Callable[[Connection], Any]) -> None:
    with suppress(Conflict), engine.begin() as connection:
        removes(connection)


def _submit(connection: Connection, spec: dict[str, Any]) -> str:
    (row,) = submit_all(connection, [Submission.of(spec_from_json(spec), owner="me")])
    return str(row["id"])


def _delete_job(engine: Engine, job_id: str) -> None:
    with engine.begin() as connection:
        take_back(connection, job_id, owner=None, force=False)


def _delete_result(engine: Engine) -> None:
    with engine.begin() as connection:
        take_back_result(connection, TRAINED, owner=None, force=False)


def _use_result(engine: Engine) -> Any:
    with engine.begin() as connection:
        return result_of(connection, TRAINED)


def _wait_until_it_waits(engine: Engine, second: "Future[Any]") -> None:
    def look() -> bool:
        assert not second.done(), second.result()
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())

    wait_for(look, "the second to wait for the first")


def _add_job(connection: Connection, job_id: str, status: str, **columns: Any) -> None:
    row = {"id": job_id, "owner": "me", "kind": "train", "status": status, "spec": {}, "created_at": now()}
    connection.execute(insert(jobs).values(**row, updated_at=now(), **columns))


def _add_file(connection: Connection, *, has_expired: bool) -> None:
    report = {"rows": 1, "format": "chat_template", "bad_rows": 0, "problems": []}
    row = {"id": FILE, "owner": "me", "filename": "rows.jsonl", "purpose": "fine-tune", "bytes": 1, "sha256": "0" * 64}
    times = {"created_at": now(), "expires_at": now() if has_expired else None}
    connection.execute(insert(files).values(**row, **times, rows=1, report=report))
