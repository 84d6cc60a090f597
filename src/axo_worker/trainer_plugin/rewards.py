"""The rewards that the config describes, as functions: Axolotl imports each from here by its name."""

from collections.abc import Callable
from typing import Any

from axo_grading.grading import grade as _grade

from . import section as _section


def __getattr__(name: str) -> Callable[..., list[float]]:
    options = _section.reward(name)
    if options is None:
        raise AttributeError(f"the config's section axo describes no reward {name!r}")

    def reward(prompts: list[Any], completions: list[Any], **columns: Any) -> list[float]:
        rows = (
            {field: values[index] for field, values in columns.items() if isinstance(values, list)}
            for index in range(len(completions))
        )
        return [_grade(options, _text(completion), row) for completion, row in zip(completions, rows, strict=True)]

    reward.__name__ = reward.__qualname__ = name
    return reward


def _text(completion: Any) -> str:
    if isinstance(completion, str):
        return completion
    return "".join(message.get("content") or "" for message in completion)
