"""Where a result may be taken: a hub, object storage, a folder. Both planes ask the operator's list of destinations."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

OWNER = "{owner}"
"""In an operator's list, the name of the owner whose job pushes."""

_SEGMENT = r"(?!\.{1,2}(?:/|$))[\w.=+ -]{1,255}"
_FORMS = (
    rf"hf://{_SEGMENT}/{_SEGMENT}",
    rf"(?:s3|gs|az)://{_SEGMENT}(?:/{_SEGMENT})*/?",
    rf"file://(?:/{_SEGMENT})+/?",
)
_URL = re.compile("|".join(_FORMS), re.ASCII)


def scheme_of(url: str) -> str:
    """Return what a destination's URL begins with: hf, s3, gs, az or file."""
    return url.partition("://")[0]


def covering(url: str, destinations: Iterable[str], *, owner: str | None) -> str | None:
    """Return which of an operator's destinations `url` is, or lies below, if any. `owner` None: whoever's it is."""
    wanted = parts_of(url)
    return next((one for one in destinations if _covers(parts_of(one), wanted, owner)), None)


def parts_of(url: str) -> list[str]:
    """Return a destination part by part: its scheme, then its host or bucket, then the names in its path."""
    scheme, _, rest = url.partition("://")
    return [scheme, *filter(None, rest.split("/"))]


def _covers(allowed: list[str], wanted: list[str], owner: str | None) -> bool:
    if len(allowed) > len(wanted):
        return False
    pairs = zip(allowed, wanted, strict=False)
    return all(one == other or (one == OWNER and owner in (None, other)) for one, other in pairs)


def _checked(url: str) -> str:
    if _URL.fullmatch(url) is None:
        raise ValueError(
            "give hf://OWNER/REPO, s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH or file:///FOLDER, with "
            "letters, digits and . _ = + - in its names, and no key in it"
        )
    return url.rstrip("/")


Destination = Annotated[str, Field(max_length=2048), AfterValidator(_checked)]
