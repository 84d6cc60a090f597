"""What a model writes, as OpenAI's chat completions are spelt."""

from collections.abc import Sequence
from typing import Any

from axo_api.serving.faces import Answer, Face
from axo_api.serving.responses import AnswerMessage, ChatChoice, ChatCompletion, ChatLogprobs, Usage
from axo_contracts.completions import Piece, TokenLikelihood


class ChatFace(Face[ChatCompletion]):
    """A conversation's answers: each begins with a role."""

    id_prefix = "chatcmpl"
    streamed_as = "chat.completion.chunk"
    asked_in = "messages"

    def choices_of(self, piece: Piece) -> list[dict[str, Any]]:
        """Return what a chunk has of a piece."""
        delta: dict[str, Any] = {}
        if self.is_first(piece):
            delta["role"] = "assistant"
        if piece.text or delta:
            delta["content"] = piece.text
        logprobs = {"content": _logprobs(piece.tokens), "refusal": None} if piece.tokens else None
        return [{"index": piece.index, "delta": delta, "logprobs": logprobs, "finish_reason": piece.finish_reason}]

    def whole(self, answers: Sequence[Answer], usage: Usage) -> ChatCompletion:
        """Return the answers."""
        choices = [
            ChatChoice(
                index=answer.index,
                message=AnswerMessage(content=answer.text),
                logprobs=ChatLogprobs.model_validate({"content": _logprobs(answer.tokens)})
                if self.has_logprobs
                else None,
                finish_reason=answer.finish_reason,
            )
            for answer in answers
        ]
        return ChatCompletion(id=self.id, created=self.created, model=self.model, choices=choices, usage=usage)


def _logprobs(tokens: Sequence[TokenLikelihood]) -> list[dict[str, Any]]:
    return [_logprob(token) | {"top_logprobs": [_logprob(other) for other in token.top]} for token in tokens]


def _logprob(token: TokenLikelihood) -> dict[str, Any]:
    known = None if token.bytes is None else list(token.bytes)
    return {"token": token.text, "logprob": token.logprob, "bytes": known}
