"""Counts the tokens that pass through the model, and how many of the next ones it would have written itself."""

import contextlib
from pathlib import Path
from typing import Any

import torch

from .ranks import sum_over_ranks

SEEN = "axo_tokens_seen.txt"  # in a checkpoint: so that a run that goes on from it counts on
IGNORED = -100  # the label of a token that carries no loss


class TokenTally:
    """Looks on at a trainer's steps. `measures` says what it saw since the last time, as metrics."""

    def __init__(self) -> None:
        self._seen: Any = 0
        self._right: dict[bool, Any] = {True: 0, False: 0}  # while training, and while evaluating
        self._all: dict[bool, Any] = {True: 0, False: 0}

    def watch(self, trainer: Any, *, predicts_tokens: bool) -> None:
        """Look on at every loss that `trainer` computes; `predicts_tokens`: it learns to write what its labels say."""
        compute = trainer.compute_loss

        def compute_and_count(model: Any, inputs: Any, return_outputs: bool = False, **options: Any) -> Any:
            labels = inputs.get("labels") if predicts_tokens else None
            if model.training and hasattr(inputs, "items"):
                self._seen = self._seen + _tokens(inputs)
            if labels is None:
                return compute(model, inputs, return_outputs=return_outputs, **options)
            loss, outputs = compute(model, inputs, return_outputs=True, **options)
            self._compare(getattr(outputs, "logits", None), labels, is_training=model.training)
            return (loss, outputs) if return_outputs else loss

        trainer.compute_loss = compute_and_count

    def measures(self, device: Any, *, is_evaluation: bool) -> dict[str, float]:
        """Return what was seen, over all ranks: the share of right tokens since the last time, and all tokens so far.

        Every rank must ask at the same moment.
        """
        is_training = not is_evaluation
        right, compared, seen = sum_over_ranks([self._right[is_training], self._all[is_training], self._seen], device)
        self._right[is_training] = self._all[is_training] = 0
        prefix = "eval_" if is_evaluation else ""
        measures = {f"{prefix}mean_token_accuracy": right / compared} if compared else {}
        return measures if is_evaluation or not seen else measures | {"tokens_seen": seen}

    def save(self, checkpoint: Path, device: Any, *, is_writer: bool) -> None:
        """Keep the count beside a checkpoint. Every rank must come here; one of them `is_writer`."""
        (seen,) = sum_over_ranks([self._seen], device)
        if is_writer and checkpoint.is_dir():
            (checkpoint / SEEN).write_text(str(seen))

    def restore(self, checkpoint: Path) -> None:
        """Count on from a checkpoint; from one without a count, from nothing. For one rank alone."""
        with contextlib.suppress(OSError, ValueError):
            self._seen = int((checkpoint / SEEN).read_text())

    def _compare(self, logits: Any, labels: Any, *, is_training: bool) -> None:
        """Add what the model would have written; where its outputs hold no logits for each label, add nothing."""
        if logits is None or logits.shape[:-1] != labels.shape:
            return
        with torch.no_grad():
            wanted, written = labels[..., 1:], logits.detach()[..., :-1, :].argmax(-1)
            counts = wanted != IGNORED
            self._right[is_training] = self._right[is_training] + ((written == wanted) & counts).sum()
            self._all[is_training] = self._all[is_training] + counts.sum()


def _tokens(inputs: Any) -> Any:
    """Return how many tokens a batch has, padding left out. A packed batch numbers its rows in the mask."""
    masks = [value for name, value in inputs.items() if name.endswith("attention_mask") and torch.is_tensor(value)]
    masks = masks or [inputs[name] for name in ("prompt_mask", "completion_mask") if name in inputs]
    if masks:
        return sum((mask != 0).sum() for mask in masks)
    ids = inputs.get("input_ids")
    return 0 if ids is None else ids.numel()
