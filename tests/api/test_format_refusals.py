"""Which rows a method takes is known when a job is submitted, and how they read is written into the job."""

import json
from typing import Any

import httpx
from tests.api.control_plane import ControlPlane
from tests.api_process import SPEC

ASKED = {"role": "user", "content": "2 + 2?"}
RIGHT = {"role": "assistant", "content": "4"}
WRONG = {"role": "assistant", "content": "5"}
CHAT = {"messages": [ASKED, RIGHT]}
PAIR = {"messages": [ASKED], "chosen": RIGHT, "rejected": WRONG}


def test_a_file_is_read_as_it_was_found_to_be(plane: ControlPlane) -> None:
    answer = _submit(plane, CHAT, "sft")

    assert answer.status_code == 201, answer.text
    (dataset,) = answer.json()["spec"]["datasets"]
    assert dataset["format"]["type"] == "chat_template"
    assert plane.job(answer.json()["id"])["spec"]["datasets"] == [dataset]


def test_data_that_nobody_has_read_is_taken_for_what_the_method_expects(plane: ControlPlane) -> None:
    answer = plane.http.post("/v1/jobs", json=SPEC | {"method": {"type": "kto"}})

    assert answer.json()["spec"]["datasets"][0]["format"]["type"] == "kto"


def test_a_file_whose_rows_do_not_suit_the_method_is_refused_by_name(plane: ControlPlane) -> None:
    error = _refusal(_submit(plane, PAIR, "sft"))

    assert error["param"] == "datasets.0.source.file_id"
    assert "has preference rows; sft cannot learn from preference rows" in error["message"]
    assert "it takes chat_template or sharegpt or" in error["message"]


def test_a_file_that_is_said_to_be_something_else_is_refused(plane: ControlPlane) -> None:
    error = _refusal(_submit(plane, CHAT, "sft", {"type": "alpaca"}))

    assert "has chat_template rows, and not alpaca rows" in error["message"]


def test_a_file_whose_fields_have_names_of_their_own_is_taken_at_its_word(plane: ControlPlane) -> None:
    row_format = {"type": "chat_template", "field_messages": "turns"}

    answer = _submit(plane, CHAT, "sft", row_format)

    assert answer.status_code == 201, answer.text
    assert answer.json()["spec"]["datasets"][0]["format"]["field_messages"] == "turns"


def test_a_format_that_does_not_suit_the_method_is_refused_by_name(plane: ControlPlane) -> None:
    datasets = [{"source": {"type": "hub", "repo_id": "org/data"}, "format": {"type": "alpaca"}}]

    error = _refusal(plane.http.post("/v1/jobs", json=SPEC | {"method": {"type": "kto"}, "datasets": datasets}))

    assert "datasets.0.format: kto cannot learn from alpaca rows; it takes kto rows" in error["message"]


def test_a_reward_of_ones_own_code_needs_the_permission(plane: ControlPlane) -> None:
    rewards = [{"type": "length", "maximum": 9}, {"type": "python", "function": "os.system"}]

    error = _refusal(plane.http.post("/v1/jobs", json=SPEC | {"method": {"type": "grpo", "rewards": rewards}}))

    assert error["param"] == "method.rewards.1.function"
    assert "needs the permission unsafe_code" in error["message"]


def _submit(
    plane: ControlPlane, row: dict[str, Any], method: str, row_format: dict[str, Any] | None = None
) -> httpx.Response:
    content = (json.dumps(row) + "\n").encode()
    uploaded = plane.http.post("/v1/files", files={"file": ("a.jsonl", content)}, data={"purpose": "fine-tune"})
    dataset = {"source": {"type": "file", "file_id": uploaded.json()["id"]}, "format": row_format}
    return plane.http.post("/v1/jobs", json=SPEC | {"method": {"type": method}, "datasets": [dataset]})


def _refusal(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 422, answer.text
    error: dict[str, Any] = answer.json()["error"]
    return error
