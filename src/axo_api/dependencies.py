"""What endpoints are given: the parts that `create_app` built, and who is asking."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis

from axo_api.catalogue.reading import Catalogue
from axo_api.database import Database
from axo_api.jobs.existence import Existence
from axo_api.journals.hub import Hub
from axo_api.settings import Settings
from axo_api.uploads.receiving import OpenUploads
from axo_api.wake import Wake


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one running control plane."""

    settings: Settings
    database: Database
    redis: Redis
    hub: Hub
    existence: Existence
    uploads: OpenUploads
    catalogue: Catalogue
    queue_changed: Wake  # for the dispatcher
    job_moved: Wake  # for the outbox


LOCAL_OWNER = "local"


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _owner() -> str:
    """Return who owns what this request makes: everybody on this machine is one owner."""
    return LOCAL_OWNER


Axo = Annotated[Parts, Depends(_parts)]
Owner = Annotated[str, Depends(_owner)]
