"""Letting a model answer questions, a batch at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from axo_trainer_plugin.conversation import rendered
from transformers import StoppingCriteria, StoppingCriteriaList

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
    options = _options(model, tokenizer, sampling) | {
        "stopping_criteria": StoppingCriteriaList([_WhenAsked(is_to_stop)])
    }
    n = sampling.get("n", 1)
    for begin in range(0, len(questions), batch_size):
        batch = questions[begin : begin + batch_size]
        prompts = [rendered(tokenizer, question.asked, tools=question.tools) for question in batch]
        inputs = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False).to(model.device)
        inputs.pop("token_type_ids", None)
        with torch.inference_mode():
            written = model.generate(**inputs, **options)[:, inputs["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        yield [(question, texts[index * n : (index + 1) * n]) for index, question in enumerate(batch)]


def _options(model: Any, tokenizer: Any, sampling: dict[str, Any]) -> dict[str, Any]:
    """Return how to generate; what the model's own generation config says beyond its end tokens counts for nothing."""
    options: dict[str, Any] = {
        "max_new_tokens": sampling["max_new_tokens"],
        "num_return_sequences": sampling.get("n", 1),
        "pad_token_id": tokenizer.pad_token_id,
        "do_sample": sampling["temperature"] > 0,
        "repetition_penalty": 1.0,
    }
    if ends := _ends(model, tokenizer):
        options["eos_token_id"] = ends
    if sampling["temperature"] > 0:
        options |= {"temperature": sampling["temperature"], "top_p": sampling["top_p"], "top_k": 0}
    return options


def _ends(model: Any, tokenizer: Any) -> list[int]:
    said = model.generation_config.eos_token_id
    known = [tokenizer.eos_token_id, *(said if isinstance(said, list) else [said])]
    return sorted({token for token in known if token is not None})
