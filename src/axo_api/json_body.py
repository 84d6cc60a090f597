"""How a JSON body is read, on every route that takes one: strictly, so that nothing of it is lost without a word.

A router with such routes has `route_class=TakesJson`.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from axo_api.files.checking.duplicate_keys import DuplicateKey, only_once


class TakesJson(APIRoute):
    """A route whose body is read strictly: UTF-8, each key once, no NaN. What is not is a 400."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        """Return the body. Raises `JSONDecodeError`, of which FastAPI tells the place, and what it passes on."""
        try:
            return _decode((await self.body()).decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            _refuse(f"it is not UTF-8 at byte {error.start}")
        except DuplicateKey as error:
            _refuse(f"an object has the key {str(error)[:64]!r} twice, and only one of them could be kept")
        except RecursionError:
            _refuse("it is nested deeper than any request needs")


def _refuse(reason: str) -> NoReturn:
    raise HTTPException(400, f"The body cannot be read: {reason}.")


def _no_number(name: str) -> NoReturn:
    _refuse(f"{name} is no number in JSON")


def _whole_number(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        _refuse(f"it holds a number of {len(digits)} digits")


_decode = json.JSONDecoder(object_pairs_hook=only_once, parse_constant=_no_number, parse_int=_whole_number).decode
