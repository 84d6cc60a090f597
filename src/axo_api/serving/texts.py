"""What a model writes, as OpenAI's older completions are spelt."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from axo_api.serving.faces import Answer, Face
from axo_api.serving.responses import TextChoice, TextCompletion, TextLogprobs, Usage
from axo_contracts.completions import Piece, TokenLikelihood


class TextFace(Face[TextCompletion]):
    """How texts go on. In a stream each token says how many letters of its answer stand before it."""

    id_prefix = "cmpl"
    streamed_as = "text_completion"

    def __init__(self, model: str, *, has_logprobs: bool) -> None:
        super().__init__(model, has_logprobs=has_logprobs)
        self._letters: defaultdict[int, int] = defaultdict(int)

    def choices_of(self, piece: Piece) -> list[dict[str, Any]]:
        """Return what a chunk has of a piece."""
        logprobs = None
        if piece.tokens:
            logprobs = _logprobs(piece.tokens, self._letters[piece.index])
            self._letters[piece.index] += sum(len(token.text) for token in piece.tokens)
        return [{"index": piece.index, "text": piece.text, "logprobs": logprobs, "finish_reason": piece.finish_reason}]

    def whole(self, answers: Sequence[Answer], usage: Usage) -> TextCompletion:
        """Return the answers."""
        choices = [
            TextChoice(
                index=answer.index,
                text=answer.text,
                logprobs=TextLogprobs.model_validate(_logprobs(answer.tokens, 0)) if self.has_logprobs else None,
                finish_reason=answer.finish_reason,
            )
            for answer in answers
        ]
        return TextCompletion(id=self.id, created=self.created, model=self.model, choices=choices, usage=usage)


def _logprobs(tokens: Sequence[TokenLikelihood], letters: int) -> dict[str, Any]:
    offsets = []
    for token in tokens:
        offsets.append(letters)
        letters += len(token.text)
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{one.text: one.logprob for one in (*token.top, token)} for token in tokens],
        "text_offset": offsets,
    }
