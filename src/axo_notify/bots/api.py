"""axo's HTTP API as the bots use it: JSON in and out, and every failure one sentence for the person who asked."""

from types import TracebackType
from typing import Any, Self

import httpx

from axo_notify.api_settings import ApiSettings

TIMEOUT = httpx.Timeout(10.0, connect=5.0)


class Refusal(Exception):
    """What was asked cannot be had. Its text is one sentence for the person who asked; it may quote them."""


class AxoApi:
    """One service, asked with one key."""

    def __init__(self, settings: ApiSettings) -> None:
        headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"} if settings.key else {}
        self._http = httpx.AsyncClient(base_url=str(settings.url), headers=headers, timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: str | int | None) -> Any:
        """Return the JSON at `path`; parameters that are None are left out. Raises `Refusal`."""
        return await self._send("GET", path, {name: value for name, value in params.items() if value is not None})

    async def post(self, path: str) -> Any:
        """Post to `path` and return the answer's JSON. Raises `Refusal`."""
        return await self._send("POST", path, {})

    async def _send(self, method: str, path: str, params: dict[str, str | int]) -> Any:
        try:
            answer = await self._http.request(method, path, params=params)
        except httpx.TransportError as error:
            raise Refusal("axo cannot be reached at the moment; try again in a minute.") from error
        if not answer.is_success:
            raise Refusal(_sentence(answer))
        try:
            return answer.json()
        except ValueError as error:
            raise Refusal(_not_axo(answer)) from error


def _sentence(answer: httpx.Response) -> str:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return "axo does not accept this bot's key; whoever runs the bot has to give it another (bots.api.key)."
    if answer.is_server_error:
        return f"axo cannot answer at the moment ({answer.status_code}); try again in a minute."
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _not_axo(answer)


def _not_axo(answer: httpx.Response) -> str:
    return f"What answers as axo is not axo ({answer.status_code}); whoever runs the bot has to mend bots.api.url."
