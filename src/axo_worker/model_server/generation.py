"""Having a model go on from one prompt, with OpenAI's sampling parameters, through `generate`."""

from collections.abc import Callable
from typing import Any

import torch
from axo_tasks import decoding
from transformers import LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from .answer import Answer
from .likelihood import Likelihoods, Penalties

Sampling = dict[str, Any]
COLDEST = 1e-4  # a temperature below it is 0: the scores divided by it would be no numbers


class Cancelled(Exception):
    """Nobody wants the answer any more."""


class Watch(StoppingCriteria):  # type: ignore[misc]  # transformers is not installed where this is checked
    """Hands each row's new token to its answer, and says which rows have come to their end."""

    def __init__(
        self, answers: list[Answer], ends: list[int], likelihoods: Likelihoods | None, is_late: Callable[[], bool]
    ) -> None:
        self._answers = answers
        self._ends = frozenset(ends)
        self._likelihoods = likelihoods
        self._is_late = is_late

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        is_late = self._is_late()
        for row, (answer, token) in enumerate(zip(self._answers, input_ids[:, -1].tolist(), strict=True)):
            if answer.is_finished:
                continue
            likelihood = self._likelihoods.of(row, token) if self._likelihoods else None
            answer.take(token, likelihood, is_end=token in self._ends)
            if is_late:
                answer.finish("length")
        finished = [answer.is_finished for answer in self._answers]
        return torch.tensor(finished, dtype=torch.bool, device=input_ids.device)


def write(
    model: Any,
    tokenizer: Any,
    prompt: list[int],
    answers: list[Answer],
    sampling: Sampling,
    is_late: Callable[[], bool],
) -> None:
    """Write `answers`, one or several, to the tokens of a prompt. `sampling["max_tokens"]` of each at most.

    `is_late` is asked after each token: True ends the answers as they are, and it may raise `Cancelled`.
    """
    if sampling["seed"] is None:
        torch.seed()
    else:
        torch.manual_seed(sampling["seed"])
    top = sampling["top_logprobs"]
    likelihoods = None if top is None else Likelihoods(tokenizer, top)
    watch = Watch(answers, decoding.end_tokens(model, tokenizer), likelihoods, is_late)
    ids = torch.tensor([prompt] * len(answers), device=model.device)
    with torch.inference_mode():
        model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            logits_processor=LogitsProcessorList(_processors(likelihoods, len(prompt), sampling)),
            stopping_criteria=StoppingCriteriaList([watch]),
            **_options(model, tokenizer, sampling),
        )
    for answer in answers:
        answer.finish("length")


def _processors(likelihoods: Likelihoods | None, prompt_tokens: int, sampling: Sampling) -> list[Any]:
    found: list[Any] = [] if likelihoods is None else [likelihoods]
    frequency, presence = sampling["frequency_penalty"], sampling["presence_penalty"]
    if frequency or presence:
        found.append(Penalties(prompt_tokens, frequency=frequency, presence=presence))
    return found


def _options(model: Any, tokenizer: Any, sampling: Sampling) -> dict[str, Any]:
    temperature = sampling["temperature"] if sampling["temperature"] >= COLDEST else 0
    wanted = {"max_new_tokens": sampling["max_tokens"], "temperature": temperature, "top_p": sampling["top_p"]}
    options: dict[str, Any] = decoding.options(model, tokenizer, wanted)
    return options
