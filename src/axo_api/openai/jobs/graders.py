"""OpenAI's graders as native rewards."""

from collections.abc import Mapping
from typing import Any

from axo_api.errors import Invalid
from axo_api.openai.graders.reading import Grader, PythonGrader, read, slug
from axo_contracts.rewards import StringCheck, TextSimilarity

WHERE = ("method", "reinforcement", "grader")

_NO_CODE = (
    "a python grader runs code of yours on the GPU hosts. Put the function where the trainer can import it, "
    "and ask for it natively: method {type: grpo, rewards: [{type: python, function: module.function}]}, with a key "
    "that permits unsafe_code"
)


def rewards_of(grader: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rewards that a grader means: a weighted sum as a reward each, any other formula as one.

    Raises `Invalid`; that a multi grader's names are no names for a formula is found later.
    """
    asked = read(grader, *WHERE)
    for place in asked.python_parts():
        raise Invalid(f"{place}: {_NO_CODE}.", param=place)
    formula = asked.formula()
    if formula is None:
        return [_reward(part) for part in asked.parts.values()]
    weights = formula.weights()
    if weights is None:
        return [_multi(asked)]
    return [_reward(asked.parts[name]) | {"name": slug(name), "weight": weight} for name, weight in weights.items()]


def _reward(part: StringCheck | TextSimilarity | PythonGrader) -> dict[str, Any]:
    return part.model_dump(mode="json")


def _multi(asked: Grader) -> dict[str, Any]:
    graders = {name: _reward(part) for name, part in asked.parts.items()}
    return {"type": "multi", "name": slug(asked.name), "graders": graders, "calculate_output": asked.calculate_output}
