"""Requests to chats over HTTP, and what their answers mean."""

from typing import Any

import httpx

from axo_notify.destinations.sender import Refused, TryLater

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
MOST_REST_SECONDS = 3600.0


def client(headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """Return a client for one place."""
    return httpx.AsyncClient(timeout=TIMEOUT, headers=headers)


async def ask(http: httpx.AsyncClient, method: str, url: str, **request: Any) -> httpx.Response:
    """Return an answer that is a success or a 404. Raises `TryLater` and `Refused`, with no address in them."""
    try:
        answer = await http.request(method, url, **request)
    except httpx.InvalidURL as error:
        raise Refused("its address is no URL") from error
    except httpx.HTTPError as error:
        raise TryLater(f"it cannot be reached ({type(error).__name__})") from error
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise TryLater("it wants fewer messages", retry_after(answer))
    if answer.is_server_error or answer.status_code == httpx.codes.REQUEST_TIMEOUT:
        raise TryLater(f"it answered {answer.status_code}", retry_after(answer))
    if not answer.is_success and answer.status_code != httpx.codes.NOT_FOUND:
        raise Refused(f"it answered {answer.status_code} {answer.reason_phrase}")
    return answer


def retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds that an answer asks to wait for: in its headers, or in its JSON as Discord says it."""
    return seconds_in(answer, "Retry-After", "X-RateLimit-Reset-After") or _in_body(answer)


def seconds_in(answer: httpx.Response, *headers: str) -> float | None:
    """Return the first of these headers that is a number of seconds, which may be a fraction."""
    return next((seconds for name in headers if (seconds := seconds_of(answer.headers.get(name))) is not None), None)


def _in_body(answer: httpx.Response) -> float | None:
    try:
        return seconds_of(answer.json()["retry_after"])
    except (ValueError, KeyError, TypeError):
        return None


def seconds_of(text: Any) -> float | None:
    """Return what a header says in seconds; None where it says no such thing."""
    try:
        seconds = float(text)
    except (ValueError, TypeError):
        return None
    return min(seconds, MOST_REST_SECONDS) if seconds >= 0 else None  # nan is no length of time either
