"""What both spellings of a completion have in common: its id, its chunks, and the answers that they add up to."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from axo_api.serving.responses import Usage
from axo_contracts.completions import FinishReason, Piece, TokenLikelihood
from axo_contracts.ids import new_id

W = TypeVar("W")


@dataclass(slots=True)
class Answer:
    """One answer, as far as it is written."""

    index: int
    text: str = ""
    tokens: list[TokenLikelihood] = field(default_factory=list)
    finish_reason: FinishReason = "length"

    def add(self, piece: Piece) -> None:
        """Take more of it."""
        self.text += piece.text
        self.tokens += piece.tokens
        self.finish_reason = piece.finish_reason or self.finish_reason


class Face(ABC, Generic[W]):
    """One completion as its client sees it; `model` is what the client called it."""

    id_prefix: ClassVar[str]
    streamed_as: ClassVar[str]
    asked_in: ClassVar[str]
    """The field of a request that has what the model is to go on with."""

    def __init__(self, model: str, *, has_logprobs: bool) -> None:
        self.id = new_id(self.id_prefix)
        self.created = int(time.time())
        self.model = model
        self.has_logprobs = has_logprobs
        self._begun: set[int] = set()

    @abstractmethod
    def choices_of(self, piece: Piece) -> list[dict[str, Any]]:
        """Return the `choices` of the chunk that tells a piece."""

    @abstractmethod
    def whole(self, answers: Sequence[Answer], usage: Usage) -> W:
        """Return all at once."""

    def is_first(self, piece: Piece) -> bool:
        """Return whether its answer begins with this piece; once."""
        is_first = piece.index not in self._begun
        self._begun.add(piece.index)
        return is_first

    def chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """Return one event of a stream."""
        about = {"id": self.id, "object": self.streamed_as, "created": self.created, "model": self.model}
        return about | {"choices": choices}
