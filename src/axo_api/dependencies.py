"""What endpoints are given: the parts that `create_app` built, and who is asking."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPBearer
from redis.asyncio import Redis

from axo_api.callers import Caller
from axo_api.catalogue.reading import Catalogue
from axo_api.connections import Waiting
from axo_api.database import Database
from axo_api.files.checkers.pool import Checkers
from axo_api.housekeeping.quota import Quota
from axo_api.jobs.existence import Existence
from axo_api.journals.hub import Hub
from axo_api.keys.ring import KeyRing
from axo_api.lifecycle.stream import Lifecycle
from axo_api.monitoring.instruments import Instruments
from axo_api.monitoring.snapshot import Snapshots
from axo_api.settings import Settings
from axo_api.signing import SigningKey
from axo_api.uploads.receiving import OpenUploads
from axo_api.wake import Wake
from axo_api.webhooks.sending import Sender
from axo_api.workers.usual import UsualTimesKeeper
from axo_contracts.keys import Scope
from axo_observability.traces import Tracer


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one running control plane."""

    settings: Settings
    database: Database
    keys: KeyRing
    signing_key: SigningKey
    redis: Redis  # for commands that are answered at once
    waiting: Waiting
    hub: Hub
    lifecycle: Lifecycle
    existence: Existence
    checkers: Checkers
    uploads: OpenUploads
    webhooks: Sender
    catalogue: Catalogue
    instruments: Instruments
    snapshots: Snapshots
    quota: Quota
    tracer: Tracer
    usual: UsualTimesKeeper
    queue_changed: Wake  # for the dispatcher
    job_moved: Wake  # for the outbox, and for what follows it


BEARER = HTTPBearer(
    scheme_name="api_key",
    auto_error=False,  # the gate has looked at it before the route is reached
    description="An API key (`axo keys create`). A service on loopback needs none until its first key is made.",
)


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["axo.caller"]  # the gate has put it there
    return caller


async def _owner(request: Request) -> str:
    return (await _caller(request)).owner


async def _reach(request: Request) -> str | None:
    return (await _caller(request)).reach


Asking = Annotated[Caller, Depends(_caller)]
"""Who sent the request."""


OWNER_PATTERN = r"^(\*|[a-z0-9][a-z0-9._-]{0,63})$"


async def _listed(
    caller: Asking,
    owner: Annotated[
        str | None,
        Query(
            pattern=OWNER_PATTERN,
            description="For admins: whose to list. Left out: one's own; `*`: everybody's.",
        ),
    ] = None,
) -> str | None:
    if owner is None or owner == caller.owner:
        return caller.owner
    caller.require(Scope.ADMIN, "listing what another owner has")
    return None if owner == EVERYBODY else owner


async def _admin(request: Request, caller: Asking, _: Annotated[object, Security(BEARER)]) -> None:
    caller.require(Scope.ADMIN, f"{request.method} {request.url.path}")


async def _seen(
    caller: Asking,
    owner: Annotated[
        str | None,
        Query(pattern=OWNER_PATTERN, description="For admins: whose jobs. Left out, or `*`: everybody's."),
    ] = None,
) -> str | None:
    return caller.reach if owner is None else await _listed(caller, owner)


EVERYBODY = "*"
ADMIN = Security(_admin, scopes=[Scope.ADMIN])
"""What a route's `dependencies` hold when it is for admins only."""

Axo = Annotated[Parts, Depends(_parts)]
Owner = Annotated[str, Depends(_owner)]
"""Whose everything is that the request makes."""

Reach = Annotated[str | None, Depends(_reach)]
"""Whose objects the request may name: one owner's; None: everybody's."""

Listed = Annotated[str | None, Depends(_listed)]
"""Whose objects are listed: one owner's; None: everybody's."""

Seen = Annotated[str | None, Depends(_seen)]
"""Whose jobs are watched: one owner's; None: everybody's."""

Force = Annotated[bool, Query(description="Delete it although other things name it or were made from it.")]
"""Whether a thing that others depend on is deleted all the same."""
