"""Who a request's key belongs to, remembered for a moment, so that a request costs one hash and one look-up."""

import asyncio
import logging
import math
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic

from sqlalchemy import RowMapping
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers

from axo_api.callers import LOCAL, Caller, InvalidKey, MismatchedOrganization, MismatchedProject
from axo_api.clock import now
from axo_api.database import Database
from axo_api.keys import service
from axo_api.keys.requirement import always_asked_for, check_is_local
from axo_api.keys.secret import hash_of
from axo_api.settings import Settings
from axo_contracts.keys import Scope, with_implied

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 3.0
"""How long a key that another process has revoked is still accepted."""

MOST_REMEMBERED = 10_000

NO_KEY = (
    "This service asks for an API key: send it as `Authorization: Bearer axo-…`. An admin makes one with "
    "`axo keys create`."
)
UNKNOWN = "This API key is none of this service's; look at its spelling, or ask an admin for one (`axo keys create`)."
REVOKED = "This API key was revoked; ask an admin for a new one (`axo keys create`)."


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires_at: datetime | None
    until: float  # by the monotonic clock


class KeyRing:
    """The keys that were seen just now. Raises `InvalidKey`; and `DBAPIError` when the database has to be asked."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._known: dict[str, _Known] = {}
        self._are_required = always_asked_for(settings)
        self._asked_at = -math.inf
        self._notes: set[asyncio.Task[None]] = set()
        self._looks: dict[str | None, asyncio.Task[bool]] = {}

    async def caller_of(self, headers: Headers) -> Caller:
        """Return who sent a request."""
        if not await self._is_key_required():
            if self._settings.require_keys == "auto":
                check_is_local(headers)
            return LOCAL
        caller = await self._caller_of_key(hash_of(_bearer_token(headers.get("authorization", ""))))
        _check_names(headers, caller)
        return caller

    async def still_accepts(self, caller: Caller) -> bool:
        """Return whether a caller who was accepted still is. An outage of the database changes nothing.

        All followers ask at about the same time: those with the same key share one look at the database.
        """
        look = self._looks.get(caller.key_hash)
        if look is None:
            look = self._looks[caller.key_hash] = asyncio.create_task(self._look_again(caller))
            look.add_done_callback(lambda _: self._looks.pop(caller.key_hash))
        return await asyncio.shield(look)

    def forget(self) -> None:
        """Ask the database again: a key was made or revoked here."""
        self._known.clear()
        self._asked_at = -math.inf

    async def _look_again(self, caller: Caller) -> bool:
        try:
            if caller.key_hash is None:
                return not await self._is_key_required()
            await self._caller_of_key(caller.key_hash)
        except InvalidKey:
            return False
        except DBAPIError:
            return True
        return True

    async def _is_key_required(self) -> bool:
        """Look whether a first key was made meanwhile. Once there was one it stays so, and nobody has to ask."""
        may_change = self._settings.require_keys == "auto" and not self._are_required
        if may_change and monotonic() - self._asked_at > REMEMBERED_SECONDS:
            self._are_required = await self._database.read(service.any_exist)
            self._asked_at = monotonic()
        return self._are_required

    async def _caller_of_key(self, key_hash: str) -> Caller:
        known = self._known.get(key_hash)
        if known is None or known.until < monotonic():
            known = await self._look_up(key_hash)
        if known.expires_at is not None and known.expires_at <= now():
            raise InvalidKey(
                f"This API key expired at {known.expires_at:%Y-%m-%d %H:%M} UTC; ask an admin for a new one "
                "(`axo keys create`)."
            )
        return known.caller

    async def _look_up(self, key_hash: str) -> _Known:
        row = await self._database.read(partial(service.by_hash, key_hash=key_hash))
        if row is None or row["revoked_at"] is not None:
            self._known.pop(key_hash, None)
            raise InvalidKey(UNKNOWN if row is None else REVOKED)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        known = _Known(_caller(row), row["expires_at"], monotonic() + REMEMBERED_SECONDS)
        self._known[key_hash] = known
        self._note_use(row)
        return known

    def _note_use(self, row: RowMapping) -> None:
        """Have a key's use recorded, beside the request and not before it."""
        if service.is_use_due(row["last_used_at"], now()):
            note = asyncio.create_task(self._record_use(row["id"]))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)

    async def _record_use(self, key_id: str) -> None:
        try:
            await self._database.write(partial(service.note_use, key_id=key_id, at=now()))
        except DBAPIError as error:
            log.warning("the use of %s is not recorded: %s", key_id, error)


def _bearer_token(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidKey(NO_KEY)
    return token.strip()


def _caller(row: RowMapping) -> Caller:
    return Caller(
        owner=row["owner"],
        scopes=with_implied(Scope(scope) for scope in row["scopes"]),
        organization=row["organization"],
        project=row["project"],
        key_hash=row["hash"],
    )


def _check_names(headers: Headers, caller: Caller) -> None:
    """Raise `InvalidKey` when the client names an organization or a project that is not the key's, as OpenAI does."""
    for header, own, refusal in (
        ("OpenAI-Organization", caller.organization, MismatchedOrganization),
        ("OpenAI-Project", caller.project, MismatchedProject),
    ):
        given = headers.get(header)
        if given and given != own:
            raise refusal(
                f"{header} should match the API key's, which is {own!r}, and is {given[:64]!r}; leave the header out, "
                "or ask an admin for a key that has this one."
            )
