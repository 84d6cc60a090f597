"""What `generate` passes each step's scores through: log probabilities are read off, then OpenAI's penalties count."""

from functools import cache, partial
from typing import Any

import torch
from transformers import LogitsProcessor

from .text import behind_another

_LEAST = -9999.0  # what OpenAI says of a token that is all but impossible; infinity is no number in JSON


class Likelihoods(LogitsProcessor):  # type: ignore[misc]  # transformers is not installed where this is checked
    """Keeps what the model itself thinks of the next token, before penalties, temperature and top_p."""

    def __init__(self, tokenizer: Any, top: int) -> None:
        self._read = cache(partial(behind_another, tokenizer))
        self._top = top
        self._newest: Any = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        self._newest = torch.log_softmax(scores.float(), dim=-1)
        return scores

    def of(self, row: int, token: int) -> dict[str, Any]:
        """Return a token that was chosen at the newest place, with those that were likeliest there."""
        values, tokens = self._newest[row].topk(self._top)
        top = [self._one(*pair) for pair in zip(tokens.tolist(), values.tolist(), strict=True)]
        return self._one(token, self._newest[row, token].item()) | {"top": top}

    def _one(self, token: int, logprob: float) -> dict[str, Any]:
        text = self._read(token)
        is_whole = "\ufffd" not in text
        return {
            "text": text,
            "logprob": max(logprob, _LEAST),
            "bytes": list(text.encode()) if is_whole else None,
        }


class Penalties(LogitsProcessor):  # type: ignore[misc]  # transformers is not installed where this is checked
    """Makes tokens less likely that were written before: by how often (`frequency`), and by that alone (`presence`)."""

    def __init__(self, prompt_tokens: int, *, frequency: float, presence: float) -> None:
        self._prompt_tokens = prompt_tokens
        self._frequency = frequency
        self._presence = presence

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        written = input_ids[:, self._prompt_tokens :]
        counts = torch.zeros_like(scores).scatter_add_(1, written, torch.ones_like(written, dtype=scores.dtype))
        return scores - self._frequency * counts - self._presence * (counts > 0)
