"""What the control plane has a worker's model write, and what comes back, event by event.

A completion is a key that lives as long as its asker refreshes it, and its id in the worker's list. Its events are a
stream of its own. Who no longer wants it removes both, which the worker heeds at the next token.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How the tokens are chosen, by OpenAI's names. `max_tokens` None: all that the model's context has room for."""

    max_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    n: int = 1
    seed: int | None = None
    stop: tuple[str, ...] = ()
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    top_logprobs: int | None = None  # beside each token's own; None: no log probabilities at all


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A model, and what it is to go on from: a conversation, or texts or tokens, each with `sampling.n` answers."""

    name: str  # as the client called the model
    base: str  # a name on the hub, or a path
    revision: str | None = None
    is_stored: bool = False  # whether `base` is a path below the storage root
    adapter: str | None = None  # a path below the storage root
    messages: tuple[dict[str, str], ...] | None = None
    prompts: tuple[str | tuple[int, ...], ...] = ()
    echo: bool = False
    sampling: Sampling = Sampling()
    seconds: float = 600.0  # after which what is written by then is the answer


class TokenLikelihood(msgspec.Struct, frozen=True, kw_only=True):
    """A token, its log probability before penalties and temperature, and its bytes; None for part of a letter.

    A token of an answer `begins_at` so many letters of it; the parts of one letter all begin where that does.
    """

    text: str
    logprob: float
    bytes: tuple[int, ...] | None = None
    top: tuple["TokenLikelihood", ...] = ()
    begins_at: int = 0


FinishReason = Literal["stop", "length"]


class Working(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="working"):
    """A sign of life every few seconds; a new `phase` is said at once."""

    phase: str


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="begun"):
    """The model is loaded and the prompt fits: the writing begins."""

    prompt_tokens: int


class Piece(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="piece"):
    """More of one of the answers. `finish_reason` stands with its last piece."""

    index: int
    text: str = ""
    tokens: tuple[TokenLikelihood, ...] = ()
    finish_reason: FinishReason | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="done"):
    """All answers are whole. The tokens are those of all of them together, end tokens included."""

    prompt_tokens: int
    completion_tokens: int


FailureCode = Literal[
    "context_length_exceeded",
    "invalid_prompt",
    "model_not_found",
    "model_not_loadable",
    "generation_failed",
    "unavailable",
]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """There is no answer, or no more of it. The message says what, where and how to mend it."""

    code: FailureCode
    message: str


Event = Working | Begun | Piece | Done | Failed


class ServingState(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker that serves has in memory: a base model, or none."""

    base: str | None = None
    revision: str | None = None


encode = msgspec.json.Encoder().encode
decode_completion = msgspec.json.Decoder(Completion).decode
decode_event = msgspec.json.Decoder(Event).decode

EVENT_FIELD = b"event"
"""The field of an entry of a completion's stream; the entry's id is `{number}-0`, from 1 on."""

FIRST_ENTRY = "0-1"
"""The entry with which the asker makes the stream. The worker adds to a stream that is there, and makes none."""


def written_for_program(completion: Completion, weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the serving program is told: `weights` as it finds them on its host."""
    asked: dict[str, Any] = msgspec.to_builtins(completion)
    for name in ("base", "revision", "is_stored", "adapter"):
        del asked[name]
    return asked | {"weights": dict(weights)}
