"""Letting a model answer questions, a batch at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from axo_trainer_plugin.conversation import rendered
from transformers import StoppingCriteria, StoppingCriteriaList

from . import decoding
from .rows import Question


class _WhenAsked(StoppingCriteria):  # type: ignore[misc]  # transformers is not installed where this is checked
    def __init__(self, is_to_stop: Callable[[], bool]) -> None:
        self._is_to_stop = is_to_stop

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        return torch.full((len(input_ids),), self._is_to_stop(), dtype=torch.bool, device=input_ids.device)


def answers(
    model: Any,
    tokenizer: Any,
    questions: list[Question],
    sampling: dict[str, Any],
    *,
    batch_size: int,
    is_to_stop: Callable[[], bool],
) -> Iterator[list[tuple[Question, list[str]]]]:
    """Yield the answers to the questions, `sampling["n"]` to each, a batch at a time.

    A stop is heeded at the next token: the answers of its batch are cut short.
    """
    tokenizer.padding_side = "left"
    options = decoding.options(model, tokenizer, sampling) | {
        "stopping_criteria": StoppingCriteriaList([_WhenAsked(is_to_stop)])
    }
    n = sampling.get("n", 1)
    for begin in range(0, len(questions), batch_size):
        batch = questions[begin : begin + batch_size]
        prompts = [rendered(tokenizer, question.asked, tools=question.tools) for question in batch]
        repeated = [prompt for prompt in prompts for _ in range(n)]
        inputs = tokenizer(repeated, return_tensors="pt", padding=True, add_special_tokens=False).to(model.device)
        inputs.pop("token_type_ids", None)
        with torch.inference_mode():
            written = model.generate(**inputs, **options)[:, inputs["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        yield [(question, texts[index * n : (index + 1) * n]) for index, question in enumerate(batch)]
