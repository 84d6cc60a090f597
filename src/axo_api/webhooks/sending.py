"""One attempt to deliver: a POST to an address that was looked at, and as much of the answer as anybody needs."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from axo_api.settings import WebhookSettings
from axo_api.webhooks.addresses import Addresses, Unreachable

log = logging.getLogger(__name__)

KEPT_BYTES = 1024
MOST_ERROR_CHARACTERS = 500
BODY_SECONDS = 2.0  # for the answer's body, of which nothing depends
USER_AGENT = "axo-webhooks/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: an answer's status and first bytes, or why there was none."""

    status_code: int | None = None
    text: str | None = None
    error: str | None = None
    retry_after_seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether it was taken."""
        return self.status_code is not None and 200 <= self.status_code < 300


class Sender:
    """Posts webhooks. Names are resolved by ourselves, and the connection goes to the address that was looked at."""

    def __init__(self, settings: WebhookSettings) -> None:
        self.addresses = Addresses(settings.allowed_networks)
        self._seconds = settings.timeout_seconds
        self._http = httpx.AsyncClient(
            transport=_Pinned(self.addresses),
            timeout=None,  # noqa: S113 (one limit around all of it)
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve names by itself
        )

    async def send(self, url: str, body: str, headers: dict[str, str]) -> Answer:
        """Post a body, and return what came of it. It never raises: what nobody has foreseen is logged."""
        asked = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        try:
            request = self._http.build_request("POST", url, content=body.encode(), headers=asked)
            async with asyncio.timeout(self._seconds):
                response = await self._http.send(request, stream=True)
            return await _read(response)
        except TimeoutError:
            return Answer(error=f"There was no answer within {self._seconds:g} s.")
        except Unreachable as error:
            return Answer(error=str(error))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return _failed(error)
        except Exception as error:  # a delivery of which nothing is recorded would be due again at once, for ever
            log.exception("an attempt to deliver a webhook broke off")
            return _failed(error)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()
        self.addresses.close()


class _Pinned(httpx.AsyncBaseTransport):
    """Connects to the address that a name has now; to the receiver, Host and certificate are the name's."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        # A connection that is kept would be used for another name at the same address, whose certificate nobody saw.
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = await self._addresses.of(request.url)
        request.extensions = {**request.extensions, "sni_hostname": request.url.raw_host.decode()}
        request.url = request.url.copy_with(host=str(address))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _failed(error: Exception) -> Answer:
    return Answer(error=f"{type(error).__name__}: {error}".rstrip(": ")[:MOST_ERROR_CHARACTERS])


async def _read(response: httpx.Response) -> Answer:
    try:
        return Answer(
            status_code=response.status_code,
            text=await _beginning(response),
            error=_complaint(response),
            retry_after_seconds=_retry_after(response.headers.get("retry-after", "")),
        )
    finally:
        await response.aclose()


async def _beginning(response: httpx.Response) -> str:
    """Return the first bytes as they came, not unpacked: a small body could unpack to a large one."""
    kept = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in response.aiter_raw():
                kept += chunk[: KEPT_BYTES - len(kept)]
                if len(kept) >= KEPT_BYTES:
                    break
    except (httpx.HTTPError, TimeoutError):
        pass
    return kept.decode(errors="replace").replace("\x00", "\ufffd")  # Postgres takes no NUL in a text


def _complaint(response: httpx.Response) -> str | None:
    if response.is_success:
        return None
    if response.has_redirect_location:
        return f"It answered {response.status_code}, and redirects are not followed; give the endpoint its final URL."
    return f"It answered {response.status_code} {response.reason_phrase}".rstrip() + "."


def _retry_after(header: str) -> float:
    """Return the seconds that a `Retry-After` asks for: a number, or a date. 0 for anything else."""
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
