"""Whether an endpoint's URL can be posted to, said when it is given rather than with the first event."""

import asyncio
import re

import httpx

from axo_api.errors import Invalid
from axo_api.webhooks.addresses import Addresses, ForbiddenAddress, Unreachable

RESOLVE_SECONDS = 3.0
_HOST = re.compile(r"[\w.:-]{1,253}", re.ASCII)


async def check_url(url: str, addresses: Addresses) -> None:
    """Raise `Invalid` for a URL that no webhook may go to.

    A name that cannot be resolved at this moment is accepted: each attempt resolves it anew, and looks again.
    """
    parsed = _parsed(url)
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            await addresses.of(parsed)
    except ForbiddenAddress as error:
        raise _invalid(str(error)) from error
    except (Unreachable, TimeoutError):
        pass


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _invalid(f"this is no URL: {error}.") from error
    if parsed.scheme not in {"https", "http"} or not parsed.host:
        raise _invalid(f"give an absolute URL that begins with https://; got {url[:100]!r}.")
    if not _HOST.fullmatch(parsed.raw_host.decode()):
        raise _invalid(f"{parsed.host[:100]!r} is no host.")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise _invalid(f"there is no port {parsed.port}.")
    if parsed.userinfo:
        raise _invalid("leave user and password out; webhooks are signed, and the signature says who sends them.")
    if parsed.fragment:
        raise _invalid("leave out what follows the #; it is never sent.")
    return parsed


def _invalid(message: str) -> Invalid:
    return Invalid(f"url: {message}", param="url")
