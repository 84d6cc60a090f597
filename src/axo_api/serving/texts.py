"""What a model writes, as OpenAI's older completions are spelt."""

from collections.abc import Sequence
from typing import Any

from axo_api.serving.faces import Answer, Face
from axo_api.serving.responses import TextChoice, TextCompletion, TextLogprobs, Usage
from axo_contracts.completions import Piece, TokenLikelihood


class TextFace(Face[TextCompletion]):
    """How texts go on."""

    id_prefix = "cmpl"
    streamed_as = "text_completion"
    asked_in = "prompt"

    def choices_of(self, piece: Piece) -> list[dict[str, Any]]:
        """Return what a chunk has of a piece."""
        logprobs = _logprobs(piece.tokens) if piece.tokens else None
        return [{"index": piece.index, "text": piece.text, "logprobs": logprobs, "finish_reason": piece.finish_reason}]

    def whole(self, answers: Sequence[Answer], usage: Usage) -> TextCompletion:
        """Return the answers."""
        choices = [
            TextChoice(
                index=answer.index,
                text=answer.text,
                logprobs=TextLogprobs.model_validate(_logprobs(answer.tokens)) if self.has_logprobs else None,
                finish_reason=answer.finish_reason,
            )
            for answer in answers
        ]
        return TextCompletion(id=self.id, created=self.created, model=self.model, choices=choices, usage=usage)


def _logprobs(tokens: Sequence[TokenLikelihood]) -> dict[str, Any]:
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{one.text: one.logprob for one in (*token.top, token)} for token in tokens],
        "text_offset": [token.begins_at for token in tokens],
    }
