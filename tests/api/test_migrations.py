"""The schema: forward, back and forward again, and the same as the code believes it to be."""

import os
import subprocess
import sys

from alembic import command
from sqlalchemy import create_engine, inspect

from axo_api.migrations import alembic_config, upgrade
from axo_api.tables import metadata

TABLES = set(metadata.tables)


def test_the_schema_goes_up_down_and_up_again(empty_database: str) -> None:
    upgrade(empty_database)
    assert _tables(empty_database) == TABLES

    command.downgrade(alembic_config(empty_database), "base")
    assert _tables(empty_database) == set()

    upgrade(empty_database)
    assert _tables(empty_database) == TABLES


def test_the_migrations_make_what_the_code_believes(empty_database: str) -> None:
    upgrade(empty_database)

    command.check(alembic_config(empty_database))


def test_the_migrate_command_brings_a_database_up_to_date_and_may_be_given_twice(empty_database: str) -> None:
    for _ in range(2):
        answer = _axo_api(empty_database, "migrate")
        assert answer.returncode == 0, answer.stderr

    assert _tables(empty_database) == TABLES


def test_a_command_that_does_not_exist_is_refused_with_those_that_do(empty_database: str) -> None:
    answer = _axo_api(empty_database, "migrat")

    assert answer.returncode == 1
    assert "usage: python -m axo_api [migrate | keys …]" in answer.stderr


def _axo_api(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "axo_api", *arguments],
        env=os.environ | {"AXO_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _tables(database_url: str) -> set[str]:
    engine = create_engine(database_url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}
