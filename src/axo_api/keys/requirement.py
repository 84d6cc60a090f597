"""When a key is asked for, and the refusal to listen where everybody could use the service without one."""

import logging
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers

from axo_api.callers import InvalidKey
from axo_api.database import Database
from axo_api.keys import service
from axo_api.migrations import prepare
from axo_api.settings import Settings

log = logging.getLogger(__name__)

CREATE_FIRST = "python -m axo_api keys create --owner NAME --scope admin"


def always_asked_for(settings: Settings) -> bool:
    """Return whether a key is asked for, also while there is none."""
    if settings.require_keys == "auto":
        return not is_loopback(settings.host)
    return settings.require_keys


async def refusal_to_start(settings: Settings) -> str | None:
    """Return why the service must not start, with the mend; None when it may.

    A database that does not answer is no reason: until it does, requests are answered 503.
    """
    if not always_asked_for(settings) or await _any_exist(settings.database_url):
        return None
    return (
        f"axo does not listen on {settings.host} without API keys. Make the first with `{CREATE_FIRST}` and this "
        "AXO_DATABASE_URL, or listen on 127.0.0.1 (AXO_HOST) only. Where a proxy in front authenticates everybody, "
        "set AXO_REQUIRE_KEYS=false."
    )


def check_is_local(headers: Headers) -> None:
    """Raise `InvalidKey` when a request without a key was not meant for this machine by somebody on it.

    A proxy's forwarded request names another Host, and so does a page whose name was made to resolve to this machine;
    another site's page that posts here names its Origin.
    """
    for name in ("host", "origin"):
        value = headers.get(name)
        if value is not None and not _names_this_machine(value):
            raise InvalidKey(
                f"Without API keys axo answers to this machine only, and the request's {name.title()} is "
                f"{value[:100]!r}. Make a key with `{CREATE_FIRST}`; where a proxy in front authenticates everybody, "
                "set AXO_REQUIRE_KEYS=false."
            )


def may_scrape(headers: Headers, settings: Settings) -> bool:
    """Return whether a request for the figures needs no key: by the settings, or because it was sent on this host."""
    if settings.open_metrics != "auto":
        return settings.open_metrics
    try:
        check_is_local(headers)
    except InvalidKey:
        return False
    return is_loopback(settings.host)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach what listens on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@lru_cache(maxsize=256)
def _names_this_machine(address: str) -> bool:
    """Look at the host of `name:port`, or of a URL."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)


async def _any_exist(database_url: str) -> bool:
    prepare(database_url)
    database = Database(database_url)
    try:
        return await database.read(service.any_exist)
    except DBAPIError as error:
        log.warning("whether there are API keys cannot be told yet: %s", error)
        return True
    finally:
        database.close()
