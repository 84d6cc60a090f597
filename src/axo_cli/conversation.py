"""A conversation with a model: it is kept here, and sent whole with each turn."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec

from axo_cli.api import Api
from axo_cli.errors import Refused
from axo_cli.sse import SILENCE_SECONDS, events

_DONE = b"[DONE]"


class Conversation:
    """Turns with `model`. `options` are what a request says beside its messages."""

    def __init__(self, api: Api, model: str, *, system: str | None, options: dict[str, Any]) -> None:
        self._api = api
        self._asked = {"model": model, "stream": True, **options}
        self._system = [] if system is None else [{"role": "system", "content": system}]
        self._turns: list[dict[str, str]] = []

    def clear(self) -> None:
        """Begin anew; what the system says stays."""
        self._turns = []

    def say(self, text: str) -> Iterator[str]:
        """Yield the answer to `text`, piece by piece. A turn that is not read to its end, or fails, never was."""
        turn = {"role": "user", "content": text}
        answer = []
        for piece in self._answer([*self._system, *self._turns, turn]):
            answer.append(piece)
            yield piece
        self._turns += [turn, {"role": "assistant", "content": "".join(answer)}]

    def _answer(self, messages: list[dict[str, str]]) -> Iterator[str]:
        body = self._asked | {"messages": messages}
        with (
            self._api.post_stream("/v1/chat/completions", body, SILENCE_SECONDS) as chunks,
            closing(events(chunks)) as found,
        ):
            for event in found:
                if event.data == _DONE:
                    return
                told = msgspec.json.decode(event.data)
                if "error" in told:
                    raise Refused(told["error"]["message"], status=503)
                yield from (choice["delta"].get("content") or "" for choice in told["choices"])
        raise Refused("The answer was cut off: the service ended the connection.", status=503)
