"""Of two at the same moment, in two processes, one comes first, and the other sees what it has done."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, text
from tests.postgres import PostgresServer
from tests.waiting import wait_for

from axo_api.checkpoints.reasons import RemovedBecause
from axo_api.checkpoints.removing import mark_step, mark_unwanted
from axo_api.clock import now
from axo_api.errors import Conflict, JustMoved
from axo_api.migrations import upgrade
from axo_api.models import aliases
from axo_api.models.aliases import Move
from axo_api.models.service import checkpoint_of
from axo_api.tables import checkpoints, jobs

TRAINED, READER, CHECKPOINT = "ftjob-trained", "ftjob-reader", "ftckpt-1"
FOLDER = f"jobs/{TRAINED}/attempts/1/outputs/checkpoint-1"


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[Engine]:
    """A Postgres with a job that has ended, and its checkpoint."""
    url = postgres.new_database()
    upgrade(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        _add_job(connection, TRAINED, "succeeded")
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


def _wait_until_it_waits(engine: Engine, second: "Future[Any]") -> None:
    def look() -> bool:
        assert not second.done(), second.result()
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())

    wait_for(look, "the second to wait for the first")


def _add_job(connection: Connection, job_id: str, status: str, **columns: Any) -> None:
    row = {"id": job_id, "owner": "me", "kind": "train", "status": status, "spec": {}, "created_at": now()}
    connection.execute(insert(jobs).values(**row, updated_at=now(), **columns))
