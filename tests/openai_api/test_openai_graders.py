"""Graders, driven by OpenAI's unmodified Python client."""

import re
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.keyed_plane import KeyedPlane
from tests.openai_api.clients import PROMPTS, assert_as_typed, client_of, upload
from tests.openai_api.test_openai_jobs import GRADER

ITEM = {"reference_answer": "42", "facts": [{"of": "life"}]}
SIMILAR: dict[str, Any] = {
    "type": "text_similarity",
    "name": "similar",
    "evaluation_metric": "fuzzy_match",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.reference_answer }}",
}


def multi(formula: str, **graders: Any) -> Any:
    """Return a multi grader."""
    named = graders or {"right": GRADER, "similar": SIMILAR}
    return {"type": "multi", "name": "Both", "graders": named, "calculate_output": formula}


def python(body: str) -> Any:
    """Return a python grader whose function has this body."""
    return {"type": "python", "name": "own", "source": f"import os\n\ndef grade(sample, item):\n    {body}\n"}


@pytest.fixture(scope="module")
def keyed(service: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedPlane]:
    """A service with keys, where code may run for six seconds at a time."""
    home = tmp_path_factory.mktemp("keyed")
    plane = KeyedPlane(home, service.redis_server, f"sqlite:///{home}/axo.db", AXO_PYTHON_GRADER_SECONDS="6")
    plane.start()
    plane.create_first_key()
    yield plane
    plane.close()


@pytest.fixture(scope="module")
def permitted(keyed: KeyedPlane) -> Iterator[openai.OpenAI]:
    """The client of somebody who may run code."""
    with client_of(keyed, api_key=keyed.caller("train", "unsafe_code").key) as client:
        yield client


@pytest.fixture(scope="module")
def forbidden(keyed: KeyedPlane) -> Iterator[openai.OpenAI]:
    """The client of somebody who may train, and run no code."""
    with client_of(keyed, api_key=keyed.caller("train").key) as client:
        yield client


def test_a_grader_is_run_on_one_answer(client: openai.OpenAI) -> None:
    run = client.fine_tuning.alpha.graders.run(grader=GRADER, item=ITEM, model_sample="42")

    assert_as_typed(run)
    assert (run.reward, run.sub_rewards, run.metadata.scores) == (1.0, {}, {"Right answer": 1.0})
    assert (run.metadata.name, run.metadata.type, run.metadata.token_usage) == ("Right answer", "string_check", None)
    assert not any(run.metadata.errors.to_dict().values())
    assert run.metadata.execution_time >= 0
    assert run.api_model_grader_token_usage_per_model == {}


@pytest.mark.parametrize("metric", ["fuzzy_match", "bleu", "gleu", *(f"rouge_{n}" for n in (*range(1, 6), "l"))])
def test_texts_are_compared_by_each_metric(client: openai.OpenAI, metric: Any) -> None:
    grader: Any = SIMILAR | {"evaluation_metric": metric}
    text = "one two three four five six"

    same, other = (
        client.fine_tuning.alpha.graders.run(grader=grader, item={"reference_answer": text}, model_sample=answer)
        for answer in (text, "nothing of that")
    )

    assert same.reward == pytest.approx(1)
    assert other.reward < 0.5


def test_a_multi_graders_formula_combines_the_others(client: openai.OpenAI) -> None:
    run = client.fine_tuning.alpha.graders.run(
        grader=multi("min(right, 0.5) + similar ^ 2"), item=ITEM, model_sample="42"
    )

    assert_as_typed(run)
    assert (run.reward, run.sub_rewards, run.metadata.type) == (1.5, {"right": 1.0, "similar": 1.0}, "multi")


def test_templates_reach_into_the_item_and_into_an_answer_that_is_json(client: openai.OpenAI) -> None:
    grader = GRADER | {"input": "{{ sample.output_json.of }}", "reference": "{{item.facts[0].of}}"}

    run = client.fine_tuning.alpha.graders.run(grader=grader, item=ITEM, model_sample='{"of": "life"}')

    assert run.reward == 1


@pytest.mark.parametrize(
    ("grader", "flag"),
    [
        (GRADER | {"reference": "{{item.nothing}}"}, "invalid_variable_error"),
        (GRADER | {"input": "{{sample.output_json.of}}"}, "sample_parse_error"),
        (multi("right +"), "formula_parse_error"),
        (multi("right + nobody"), "formula_parse_error"),
        (multi("1 / right"), "other_error"),
    ],
)
def test_what_goes_wrong_counts_nothing_and_is_flagged(client: openai.OpenAI, grader: Any, flag: str) -> None:
    run = client.fine_tuning.alpha.graders.run(grader=grader, item=ITEM, model_sample="{")

    assert_as_typed(run)
    assert run.reward == 0
    assert [name for name, is_so in run.metadata.errors.to_dict().items() if is_so] == [flag]


def test_a_valid_grader_is_given_back(client: openai.OpenAI) -> None:
    graders: list[Any] = [GRADER, SIMILAR, multi("right * similar")]
    for grader in graders:
        validated = client.fine_tuning.alpha.graders.validate(grader=grader)

        assert validated.grader is not None
        assert validated.grader.to_dict() == grader


@pytest.mark.parametrize(
    ("grader", "param", "words"),
    [
        ({"type": "score_model", "name": "a", "model": "gpt-4o", "input": []}, "grader", "no model grades here"),
        ({"type": "label_model", "name": "a", "model": "gpt-4o", "input": []}, "grader", "no model grades here"),
        ({"type": ["multi"]}, "grader.type", "is none of"),
        (SIMILAR | {"evaluation_metric": "cosine"}, "grader.evaluation_metric", "embeddings"),
        (SIMILAR | {"evaluation_metric": "meteor"}, "grader.evaluation_metric", "WordNet"),
        (SIMILAR | {"evaluation_metric": "other"}, "grader.evaluation_metric", "fuzzy_match"),
        (GRADER | {"input": "{{row.x}}"}, "grader.input", "stands for nothing"),
        (multi("right * nobody"), "grader.calculate_output", "no grader 'nobody'"),
        (multi("a", a=GRADER | {"operation": "is"}), "grader.graders.a.operation", "'eq'"),
        (multi("a", a=multi("b", b=GRADER)), "grader.graders.a.type", "is none of"),
        (multi("a") | {"graders": {}}, "grader.graders", "1 to 16"),
    ],
)
def test_a_wrong_grader_is_a_bad_request_that_names_the_place(
    client: openai.OpenAI, grader: Any, param: str, words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words) as refusal:
        client.fine_tuning.alpha.graders.validate(grader=grader)

    assert refusal.value.param == param


def test_an_answer_too_long_to_compare_is_refused(client: openai.OpenAI) -> None:
    grader: Any = SIMILAR | {"input": "{{sample.output_text}}" * 3}

    with pytest.raises(openai.BadRequestError, match="grade shorter text"):
        client.fine_tuning.alpha.graders.run(grader=grader, item=ITEM, model_sample="x" * 100_000)


def test_python_runs_only_for_those_who_may_run_code(forbidden: openai.OpenAI, permitted: openai.OpenAI) -> None:
    grader = python("return len(sample['output_text']) / item['of']")

    run = permitted.fine_tuning.alpha.graders.run(grader=grader, item={"of": 4}, model_sample="42")

    assert_as_typed(run)
    assert (run.reward, run.metadata.type) == (0.5, "python")
    for asked in (grader, multi("a", a=grader)):
        with pytest.raises(openai.PermissionDeniedError, match="unsafe_code"):
            forbidden.fine_tuning.alpha.graders.validate(grader=asked)
        with pytest.raises(openai.PermissionDeniedError, match="unsafe_code"):
            forbidden.fine_tuning.alpha.graders.run(grader=asked, model_sample="42")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('my own')", "line 4, in grade\nValueError: my own"),
        ("raise ValueError(sorted(os.environ))", r"ValueError: \['HOME', 'LANG', 'PATH'\]"),
        ("return bytearray(2 << 30)[0]", "MemoryError"),
        ("open('big', 'wb').write(bytes(1 << 25))", "File too large|exit code|signal"),
        ("os._exit(3)", "exit code 3"),
        ("return float('nan')", "not a finite number"),
        ("while True: pass", "longer than 6 seconds"),
        ("import fastapi", "No module named 'fastapi'"),
    ],
)
def test_code_is_kept_within_its_limits(permitted: openai.OpenAI, body: str, words: str) -> None:
    run = permitted.fine_tuning.alpha.graders.run(grader=multi("own + 1", own=python(body)), model_sample="42")

    assert_as_typed(run)
    assert run.reward == 1
    assert run.metadata.errors.python_grader_runtime_error
    assert re.search(words, run.metadata.errors.python_grader_runtime_error_details or "")


def test_a_formula_that_is_no_weighted_sum_is_one_reward(client: openai.OpenAI, service: ControlPlane) -> None:
    grader = multi("right * similar")

    job = client.fine_tuning.jobs.create(
        model="gpt-4o-mini",
        training_file=upload(client, PROMPTS),
        method={"type": "reinforcement", "reinforcement": {"grader": grader}},
    )

    (reward,) = service.job(job.id)["spec"]["method"]["rewards"]
    assert (reward["type"], reward["name"], reward["calculate_output"]) == ("multi", "both", "right * similar")
    assert list(reward["graders"]) == ["right", "similar"]
