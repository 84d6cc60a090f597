"""Completions over HTTP: OpenAI's own client, a real stack, results and checkpoints of a tiny model."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import psutil
import pytest
from openai.types.chat import ChatCompletionMessageParam
from tests.cli.terminal import Terminal
from tests.marked import MARK
from tests.openai_api.clients import assert_as_typed
from tests.serving.tiny import QUESTION, QUIET, TOKENS, TRAINER_PYTHON, Tiny
from tests.stack.embedded import EmbeddedStack, wait_for

from axo_contracts import redis_names
from axo_contracts.completions import ServingState, encode

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with torch"),
]
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]
IDLE_SECONDS = 12


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, tiny: Tiny) -> Iterator[EmbeddedStack]:
    """A stack that serves, whose trainer leaves the adapter that was made."""
    passed = {
        "AXO_TEST_ADAPTER": tiny.path("adapter"),
        "AXO_TRAINER_PASS_ENV": json.dumps([MARK, "AXO_TEST_ADAPTER"]),
        "AXO_ALLOWED_ROOTS": json.dumps([str(tiny.folder)]),
        "AXO_BASE_MODELS": json.dumps({"tiny": tiny.path("model")}),
        "AXO_SERVING": "true",
        "AXO_SERVING_IDLE_SECONDS": str(IDLE_SECONDS),
        **QUIET,
    }
    with EmbeddedStack(tmp_path_factory.mktemp("stack"), trainer="leaves_a_ready_adapter", **passed) as stack:
        stack.model = tiny.folder / "model"
        yield stack


@pytest.fixture(scope="module")
def result(stack: EmbeddedStack) -> str:
    """The name of a result."""
    job = stack.wait_for_end(stack.submit(stack.spec(max_steps=1, name="tried")), 120)
    assert job["status"] == "succeeded", job["error"]
    key = redis_names.serving("embedded")
    wait_for(lambda: stack.broker().exists(key), lambda: f"the desk to be there; it said:\n{stack.said()}", 60)
    (name,) = (model["id"] for model in stack.http.get("/v1/models").json()["data"] if model["job_id"] == job["id"])
    return str(name)


@pytest.fixture
def client(stack: EmbeddedStack) -> Iterator[openai.OpenAI]:
    """OpenAI's Python client, unmodified."""
    with openai.OpenAI(base_url=f"{stack.url}/v1", api_key="sk-none", max_retries=0, timeout=300) as client:
        yield client


def test_a_result_and_its_checkpoint_are_chatted_with_streamed_and_not(
    client: openai.OpenAI, result: str, tiny: Tiny
) -> None:
    whole = client.chat.completions.create(model=result, messages=ASKED, temperature=0, max_tokens=TOKENS)
    stream = client.chat.completions.create(
        model=f"{result}:ckpt-step-1",
        messages=ASKED,
        temperature=0,
        max_completion_tokens=TOKENS,
        stream=True,
        stream_options={"include_usage": True},
        logprobs=True,
        top_logprobs=2,
    )
    chunks = list(stream)

    assert_as_typed(whole)
    for chunk in chunks:
        assert_as_typed(chunk)
    *written, last = chunks
    assert whole.choices[0].message.content == tiny.said["adapter"]["text"]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in written) == tiny.said["adapter"]["text"]
    assert (written[0].choices[0].delta.role, written[-1].choices[0].finish_reason) == ("assistant", "stop")
    assert whole.usage == last.usage
    assert whole.usage is not None
    assert whole.usage.completion_tokens == tiny.said["adapter"]["tokens"]
    tokens = [token for chunk in written if (found := chunk.choices[0].logprobs) for token in found.content or ()]
    assert "".join(token.token for token in tokens) == tiny.said["adapter"]["text"]
    assert all(len(token.top_logprobs) == 2 for token in tokens)


def test_a_base_model_goes_on_with_texts_by_the_operators_name_and_by_its_path(
    client: openai.OpenAI, result: str, tiny: Tiny
) -> None:
    options: Any = {"prompt": ["What", "comes"], "max_tokens": 3, "temperature": 0, "echo": True}

    mapped = client.completions.create(model="tiny", **options)
    used = client.completions.create(model=tiny.path("model"), **options)
    columns = client.completions.create(model="tiny", prompt="What", max_tokens=3, logprobs=2).choices[0]
    streamed = list(client.completions.create(model="tiny", stream=True, **options))

    assert_as_typed(mapped)
    assert [choice.text for choice in mapped.choices] == [choice.text for choice in used.choices]
    assert mapped.choices[0].text.startswith("What")
    assert columns.logprobs is not None
    assert columns.logprobs.tokens is not None
    assert columns.logprobs.text_offset is not None
    assert columns.logprobs.text_offset[0] == 0
    assert len(columns.logprobs.text_offset) == len(columns.logprobs.tokens)
    for index in range(2):
        text = "".join(choice.text for chunk in streamed for choice in chunk.choices if choice.index == index)
        assert text == mapped.choices[index].text


def test_requests_that_come_at_once_are_all_answered(client: openai.OpenAI, result: str, tiny: Tiny) -> None:
    def say(model: str) -> str | None:
        answer = client.chat.completions.create(model=model, messages=ASKED, temperature=0, max_tokens=TOKENS)
        return answer.choices[0].message.content

    with ThreadPoolExecutor(3) as together:
        found = list(together.map(say, (result, "tiny", result)))

    assert found == [tiny.said[name]["text"] for name in ("adapter", "base", "adapter")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", [{"type": "function", "function": {"name": "look"}}]),
        ("response_format", {"type": "json_object"}),
        ("logit_bias", {"5": 1}),
        ("store", True),
        ("messages", [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
        ("messages", [{"role": "tool", "content": "4", "tool_call_id": "call"}]),
        ("temperature", 3),
        ("stop", ["1", "2", "3", "4", "5"]),
        ("top_logprobs", 2),
        ("temprature", 1),
    ],
    ids=["tools", "json", "bias", "store", "image", "tool's message", "hot", "stops", "alone", "misspelt"],
)
def test_what_is_not_served_is_refused_by_its_name(stack: EmbeddedStack, result: str, field: str, value: Any) -> None:
    answer = stack.http.post("/v1/chat/completions", json={"model": result, "messages": ASKED, field: value})

    error = answer.json()["error"]
    assert answer.status_code == 400
    assert field in error["message"]
    assert error["type"] == "invalid_request_error"


def test_a_request_that_cannot_be_served_is_told_why_in_openais_words(
    client: openai.OpenAI, stack: EmbeddedStack, result: str
) -> None:
    with pytest.raises(openai.NotFoundError, match="GET /v1/models"):
        client.chat.completions.create(model=result[:-4] + "0000", messages=ASKED)
    with pytest.raises(openai.NotFoundError, match="no job of yours"):
        client.chat.completions.create(model="org/never-heard-of", messages=ASKED)
    with pytest.raises(openai.BadRequestError) as long_text:
        client.completions.create(model=result, prompt=QUESTION, max_tokens=5000)  # a stream would not wait
    with pytest.raises(openai.BadRequestError) as long:
        client.chat.completions.create(model=result, messages=ASKED, max_tokens=5000, stream=True)

    assert (long.value.code, long.value.param) == ("context_length_exceeded", "messages")
    assert (long_text.value.code, long_text.value.param) == ("context_length_exceeded", "prompt")


def test_the_command_line_chats_in_one_shot_from_a_pipe_and_in_turns(
    stack: EmbeddedStack, result: str, tiny: Tiny
) -> None:
    command = [sys.executable, "-m", "axo_cli", "chat", result, "--temperature", "0", "--url", stack.url]
    said = tiny.said["adapter"]["text"]

    once = subprocess.run([*command, QUESTION], capture_output=True, text=True, timeout=120, check=False)
    piped = subprocess.run(command, input=QUESTION, capture_output=True, text=True, timeout=120, check=False)
    terminal = Terminal(command, columns=80)
    try:
        for typed in (f"{QUESTION}\n", "/clear\n", "/exit\n"):
            wait_for(lambda: terminal.lines() and terminal.lines()[-1].startswith(">"), lambda: "a prompt", 60)
            terminal.type(typed)
        code = terminal.wait_for_end()
    finally:
        terminal.close()

    assert (once.returncode, once.stdout) == (0, f"{said}\n"), once.stderr
    assert piped.stdout == once.stdout
    assert code == 0
    assert said in "\n".join("\n".join(screen) for screen in terminal.screens)


def test_nothing_is_left_of_a_client_that_goes_away_and_the_next_is_served(
    client: openai.OpenAI, stack: EmbeddedStack, result: str, tiny: Tiny
) -> None:
    endless: Any = {"model": "tiny", "messages": ASKED, "n": 8, "seed": 1}
    with client.chat.completions.create(**endless, stream=True) as stream:
        next(iter(stream))
    with pytest.raises(httpx.ReadTimeout):
        stack.http.post("/v1/chat/completions", json=endless, timeout=0.5)

    wait_for(lambda: not stack.broker().keys("axo:completion:*"), lambda: "nothing to be left in Redis", 30)
    answer = client.chat.completions.create(model=result, messages=ASKED, temperature=0)
    assert answer.choices[0].message.content == tiny.said["adapter"]["text"]


def test_a_serving_process_that_is_killed_is_told_of_and_another_is_started(
    client: openai.OpenAI, stack: EmbeddedStack, result: str, tiny: Tiny
) -> None:
    with client.chat.completions.create(model="tiny", messages=ASKED, n=8, stream=True) as stream:
        chunks = iter(stream)
        next(chunks)
        (process,) = model_servers(stack)
        process.kill()
        with pytest.raises(openai.APIError, match=r"signal 9\. Ask again"):
            list(chunks)

    answer = client.chat.completions.create(model=result, messages=ASKED, temperature=0)
    assert answer.choices[0].message.content == tiny.said["adapter"]["text"]
    assert model_servers(stack) != [process]


def test_a_model_that_nobody_asks_leaves_and_comes_again(client: openai.OpenAI, stack: EmbeddedStack) -> None:
    client.completions.create(model="tiny", prompt="What", max_tokens=1)
    assert len(model_servers(stack)) == 1

    held = redis_names.serving("embedded")
    wait_for(lambda: stack.broker().get(held) == encode(ServingState()), lambda: "the model to leave", 60)
    assert not model_servers(stack)


def model_servers(stack: EmbeddedStack) -> list[psutil.Process]:
    """Return the living processes with a model."""
    (agent,) = (child for child in psutil.Process(stack.process.pid).children() if "axo_worker" in child.cmdline())
    return [child for child in agent.children(recursive=True) if "axo_model_server" in child.cmdline()]
