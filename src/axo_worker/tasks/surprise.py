"""How surprised a model is by each token of a sequence, given those before it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

from .tokens import Sequence

_POSITIONS = 512  # whose logits are widened to 32 bits at once


class Surprise(NamedTuple):
    """Of one sequence: the surprisal of each token but the first, in nats; and the likeliest tokens at each place."""

    sequence: Sequence
    nats: list[float]
    top: list[list[tuple[int, float]]]  # (token, its log probability), the likeliest first

    @property
    def counted(self) -> list[float]:
        """The surprisal of those tokens that count."""
        return [nats for nats, counts in zip(self.nats, self.sequence.counts[1:], strict=True) if counts]


def surprises(
    model: Any, sequences: list[Sequence], *, batch_size: int, pad: int, top_k: int = 0
) -> Iterator[list[Surprise]]:
    """Yield what the model makes of the sequences, a batch at a time."""
    for begin in range(0, len(sequences), batch_size):
        batch = sequences[begin : begin + batch_size]
        with torch.inference_mode():
            logits = model(**_padded(batch, pad, model.device)).logits
            yield [_surprise(logits[index], sequence, top_k) for index, sequence in enumerate(batch)]


def _padded(batch: list[Sequence], pad: int, device: Any) -> dict[str, Any]:
    longest = max(len(sequence.ids) for sequence in batch)
    missing = [longest - len(sequence.ids) for sequence in batch]
    ids = [[*sequence.ids, *[pad] * few] for sequence, few in zip(batch, missing, strict=True)]
    mask = [[1] * len(sequence.ids) + [0] * few for sequence, few in zip(batch, missing, strict=True)]
    return {"input_ids": torch.tensor(ids, device=device), "attention_mask": torch.tensor(mask, device=device)}


def _surprise(logits: Any, sequence: Sequence, top_k: int) -> Surprise:
    targets = torch.tensor(sequence.ids[1:], device=logits.device)
    nats: list[float] = []
    top: list[list[tuple[int, float]]] = []
    for begin in range(0, len(targets), _POSITIONS):
        some = targets[begin : begin + _POSITIONS]
        likely = torch.log_softmax(logits[begin : begin + len(some)].float(), dim=-1)
        nats += (-likely.gather(1, some[:, None])[:, 0]).tolist()
        if top_k:
            values, tokens = likely.topk(min(top_k, likely.shape[-1]))
            top += [list(zip(*pair, strict=True)) for pair in zip(tokens.tolist(), values.tolist(), strict=True)]
    return Surprise(sequence, nats, top)
