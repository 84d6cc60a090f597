"""What an answer is worth, as the trainer works it out."""

import importlib
from typing import Any

import pytest

from axo_contracts.rewards import Length, Multi, Regex, Reward, StringCheck, TextSimilarity
from axo_grading.grading import grade
from axo_worker.trainer_plugin import section

ROW = {"reference_answer": "42", "sources": ["a", "b"]}


def multi(formula: str) -> Multi:
    """Return a formula over two graders."""
    return Multi(graders={"right": StringCheck(), "short": Length(maximum=1)}, calculate_output=formula)


GRADED: dict[str, tuple[Reward, str, float]] = {
    "the same text": (StringCheck(), "42", 1),
    "other text": (StringCheck(), "It is 42", 0),
    "not the same text": (StringCheck(operation="ne"), "41", 1),
    "text that holds it": (StringCheck(operation="like"), "It is 42.", 1),
    "text that holds it in another case": (StringCheck(operation="ilike", reference="YES"), "oh yes", 1),
    "text that holds it in the wrong case": (StringCheck(operation="like", reference="YES"), "oh yes", 0),
    "a field that is no text": (StringCheck(reference="{{ item.sources }}"), '["a", "b"]', 1),
    "text around the answer": (StringCheck(input="<{{sample.output_text}}>", reference="<42>"), "42", 1),
    "half alike": (TextSimilarity(reference="abcd"), "abxy", 0.5),
    "alike but for case and space": (TextSimilarity(evaluation_metric="exact_match", reference="A b"), "a\n B", 1),
    "a pattern over lines": (Regex(pattern="<answer>.+</answer>"), "<answer>\n42</answer>", 1),
    "no pattern": (Regex(pattern=r"^\d+$"), "x", 0),
    "within the length": (Length(minimum=1, maximum=2), "two words", 1),
    "half too short": (Length(unit="characters", minimum=4, maximum=9), "ab", 0.5),
    "half too long": (Length(maximum=2), "one two three", 0.5),
    "far too long": (Length(maximum=1), "one two three", 0),
    "a field of an answer that is JSON": (StringCheck(input="{{sample.output_json.is[1]}}"), '{"is": [0, 42]}', 1),
    "a field that the answer lacks": (StringCheck(input="{{sample.output_json.not}}", operation="ne"), "{}", 0),
    "an answer that is no JSON": (StringCheck(input="{{sample.output_json}}", operation="ne"), "forty", 0),
    "a field within a field": (StringCheck(reference="{{item.sources[1]}}"), "b", 1),
    "a formula": (multi("(right + 1) ^ 2 / 2 - max(short, right, 0.5)"), "42", 1),
    "a formula without a value": (multi("1 / (1 - right)"), "42", 0),
}


@pytest.mark.parametrize(("reward", "answer", "worth"), GRADED.values(), ids=GRADED.keys())
def test_an_answer_is_worth_what_its_reward_says(reward: Reward, answer: str, worth: float) -> None:
    options = reward.plugin_options()

    assert options is not None
    assert grade(options, answer, ROW) == worth


@pytest.mark.parametrize(
    "completions", [["42", "43"], [[{"role": "assistant", "content": "42"}], [{"role": "assistant", "content": "43"}]]]
)
def test_a_reward_of_the_config_is_a_function_that_grades_all_answers(completions: list[Any]) -> None:
    section.keep({"rewards": {"right": StringCheck().plugin_options()}})
    rewards = importlib.import_module("axo_worker.trainer_plugin.rewards")

    worth = rewards.right(prompts=["a", "b"], completions=completions, reference_answer=["42", "42"], trainer_state={})

    assert worth == [1.0, 0.0]
    assert rewards.right.__name__ == "right"
    with pytest.raises(AttributeError, match="describes no reward 'wrong'"):
        _ = rewards.wrong
