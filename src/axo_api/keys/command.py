"""`python -m axo_api keys create|list|revoke`: keys by way of the database, for the first one of a service."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.database import Database
from axo_api.errors import ApiError
from axo_api.keys import service
from axo_api.keys.schemas import Key, NewKey
from axo_api.keys.secret import new_secret
from axo_api.migrations import prepare
from axo_contracts.keys import KeySpec, Scope, expiry

MOST_LISTED = 1000


def run(database_url: str, arguments: Sequence[str]) -> str | None:
    """Do what `arguments` say. Return what went wrong, in one sentence, or None."""
    asked = _parser().parse_args(arguments)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # that a database was made on the way is not the answer
    try:
        prepare(database_url)
        asyncio.run(_with_database(database_url, asked))
    except ApiError as error:
        return error.message
    except ValidationError as error:
        return "; ".join(f"--{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
    except DBAPIError as error:
        return (
            f"The database cannot be used: {str(error).splitlines()[0]} Run `python -m axo_api migrate` if it is new."
        )
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m axo_api keys", description="The service's API keys.")
    commands = parser.add_subparsers(required=True)
    create = commands.add_parser("create", help="make a key, and show it this once")
    create.add_argument("--owner", required=True, help="whose jobs and files it makes and reaches")
    create.add_argument("--scope", action="append", choices=[*Scope], help="may be given again; default: train")
    create.add_argument("--expires", type=_expiry, help="12h, 90d, 4w, or a date; left out: never")
    create.add_argument("--name", help="what it is for")
    create.add_argument("--organization", help="what clients may send as OpenAI-Organization; default: the owner")
    create.add_argument("--project", help="what clients may send as OpenAI-Project; default: default")
    create.set_defaults(do=_create)
    commands.add_parser("list", help="list the keys, newest first").set_defaults(do=_list)
    revoke = commands.add_parser("revoke", help="accept a key no longer")
    revoke.add_argument("key_id", metavar="ID")
    revoke.set_defaults(do=_revoke)
    return parser


def _expiry(text: str) -> datetime:
    try:
        return expiry(text, now())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _with_database(url: str, asked: argparse.Namespace) -> None:
    database = Database(url)
    try:
        await asked.do(database, asked)
    finally:
        database.close()


async def _create(database: Database, asked: argparse.Namespace) -> None:
    """Print the key on stdout and what is known of it on stderr, so that `KEY=$(…)` works."""
    spec = KeySpec(
        owner=asked.owner,
        name=asked.name,
        scopes=tuple(asked.scope or [Scope.TRAIN]),
        expires_at=asked.expires,
        organization=asked.organization,
        project=asked.project,
    )
    secret = new_secret()
    row = service.new_row(spec, secret)
    await database.write(partial(service.add, row=row))
    key = NewKey.of(row, secret)
    print(f"{_line(key)}\nThe key is shown this once:", file=sys.stderr)
    print(key.key)


async def _list(database: Database, _: argparse.Namespace) -> None:
    rows = await database.read(partial(service.find, owner=None, after=None, limit=MOST_LISTED))
    for row in rows:
        print(_line(Key.from_row(row)))


async def _revoke(database: Database, asked: argparse.Namespace) -> None:
    print(_line(Key.from_row(await database.write(partial(service.revoke, key_id=asked.key_id)))))


def _line(key: Key) -> str:
    """Return what is known of a key, on one line."""
    if key.revoked_at is not None:
        state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    else:
        state = "never expires" if key.expires_at is None else f"expires {key.expires_at:%Y-%m-%d %H:%M}"
    return "  ".join(filter(None, (key.id, key.owner, ",".join(key.scopes), state, key.name)))
