"""Serves one completion after the other: finds the model, reads the prompt, and says what is written."""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from axo_tasks.models import Models, tokenizer_of
from axo_trainer_plugin.conversation import rendered

from .answer import Answer, Say
from .generation import Cancelled, write

ROOMY = 4096  # tokens of an answer where neither the request nor the model says how many there may be


class Refused(Exception):
    """There will be no answer. `code` and message are told."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """Keeps a base model and its adapters between completions. `say` tells an event."""

    def __init__(self, options: dict[str, Any], say: Say, is_cancelled: Callable[[], bool]) -> None:
        self._say = say
        self._is_cancelled = is_cancelled
        most = options["most_adapters"]
        self._models = Models(options, most_adapters=most, tell=lambda phase: say("working", phase=phase))
        self._tokenizer = lru_cache(maxsize=2 * most)(_tokenizer_at)

    def serve(self, asked: dict[str, Any]) -> None:
        """Say all events of a completion; the last is `done` or `failed`."""
        try:
            self._serve(asked)
        except Refused as refusal:
            self._say("failed", code=refusal.code, message=str(refusal))
        except Cancelled:
            self._say("done", prompt_tokens=0, completion_tokens=0)
        except Exception as error:
            self._say("failed", code="generation_failed", message=f"The model failed: {_sentence(error)}")

    def _serve(self, asked: dict[str, Any]) -> None:
        tokenizer, model = self._loaded(asked)
        prompts = _prompts(asked, tokenizer)
        sampling = asked["sampling"]
        sampling["max_tokens"] = _room(model, max(map(len, prompts)), sampling["max_tokens"])
        self._say("begun", prompt_tokens=sum(map(len, prompts)))
        late_at = time.monotonic() + asked["seconds"]

        def is_late() -> bool:
            if self._is_cancelled():
                raise Cancelled
            return bool(time.monotonic() >= late_at)

        tokens = 0
        for number, prompt in enumerate(prompts):
            answers = self._answers(number, tokenizer, sampling, after=prompt if asked["messages"] is None else ())
            if asked["echo"]:
                self._echo(answers, _text_of(asked["prompts"][number], tokenizer), number * sampling["n"])
            write(model, tokenizer, prompt, answers, sampling, is_late)
            tokens += sum(answer.tokens for answer in answers)
        self._say("done", prompt_tokens=sum(map(len, prompts)), completion_tokens=tokens)

    def _loaded(self, asked: dict[str, Any]) -> tuple[Any, Any]:
        weights = asked["weights"]
        try:
            tokenizer = self._tokenizer(weights["base"], weights["revision"], weights["adapter"])
            model = self._models.use(weights, tokenizer)
        except Exception as error:
            why = _sentence(error)
            for path in filter(None, (weights["adapter"], weights["base"])):
                why = why.replace(path, asked["name"])
            raise Refused("model_not_loadable", f"{asked['name']!r} can't be loaded: {why}") from error
        if _only_scores(model, weights):
            raise Refused("model_not_loadable", f"{asked['name']!r} gives scores and writes no text.")
        return tokenizer, model

    def _answers(self, number: int, tokenizer: Any, sampling: dict[str, Any], after: Sequence[int]) -> list[Answer]:
        first = number * sampling["n"]
        indices = range(first, first + sampling["n"])
        return [Answer(index, tokenizer, sampling["stop"], self._say, after) for index in indices]

    def _echo(self, answers: list[Answer], text: str, first: int) -> None:
        for index in range(first, first + len(answers)):
            self._say("piece", index=index, text=text)


def _tokenizer_at(base: str, revision: str | None, adapter: str | None) -> Any:
    return tokenizer_of({"base": base, "revision": revision, "adapter": adapter})


def _only_scores(model: Any, weights: dict[str, Any]) -> bool:
    """Return whether it is a reward model: what it was trained for is not to write."""
    made_for = [model.active_peft_config.task_type] if weights["adapter"] else model.config.architectures or ()
    return any(sign in str(name) for name in made_for for sign in ("CLS", "Classification"))


def _prompts(asked: dict[str, Any], tokenizer: Any) -> list[list[int]]:
    """Return each prompt's tokens. Raises `Refused`."""
    if asked["messages"] is None:
        return [_tokens(prompt, tokenizer) for prompt in asked["prompts"]]
    if not tokenizer.chat_template:
        sentence = "The model has no chat template, so it takes no messages; ask it at /v1/completions."
        raise Refused("invalid_prompt", sentence)
    try:
        text = rendered(tokenizer, asked["messages"])
    except Exception as error:
        raise Refused(
            "invalid_prompt", f"messages: the model's chat template refuses them: {_sentence(error)}"
        ) from error
    return [_some(tokenizer(text, add_special_tokens=False)["input_ids"])]


def _tokens(prompt: str | Sequence[int], tokenizer: Any) -> list[int]:
    if isinstance(prompt, str):
        return _some(tokenizer(prompt)["input_ids"])
    if any(token >= len(tokenizer) for token in prompt):
        raise Refused("invalid_prompt", f"prompt: the model knows the tokens 0 to {len(tokenizer) - 1}.")
    return _some(list(prompt))


def _some(ids: list[int]) -> list[int]:
    if not ids:
        raise Refused("invalid_prompt", "The prompt has no token; say something.")
    return ids


def _text_of(prompt: str | Sequence[int], tokenizer: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    text: str = tokenizer.decode(prompt, clean_up_tokenization_spaces=False)
    return text


def _room(model: Any, prompt_tokens: int, wanted: int | None) -> int:
    """Return how long an answer may be. Raises `Refused` when the model's context has no room for it."""
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if context is None:
        return wanted or ROOMY
    if prompt_tokens + (wanted or 1) > context:
        asked_for = f"{prompt_tokens} tokens of the prompt and {wanted} of the answer" if wanted else f"{prompt_tokens}"
        raise Refused(
            "context_length_exceeded",
            f"The model's context is {context} tokens, and the request needs more ({asked_for}). Shorten the "
            "prompt, or lower max_tokens.",
        )
    return wanted or context - prompt_tokens


def _sentence(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
