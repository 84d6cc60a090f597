"""The demo, for real, and what a user does with its result: measure, merge, try, score, export, and take it away."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest
from openai.types.chat import ChatCompletionMessageParam
from tests.artifacts.cutting_proxy import CuttingProxy
from tests.cli.demo_under_test import Demo
from tests.cli.stack_under_test import wait_until
from tests.stack.embedded import EmbeddedStack

from axo_cli.demo.rows import CAPITALS

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("AXO_TRAINER_PYTHON"), reason="AXO_TRAINER_PYTHON names no Python"),
]
CUT_AFTER = 100_000  # bytes; the adapter has several times as many

Axo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that has ended well although its service was killed in the middle."""
    demo = Demo(tmp_path)
    try:
        wait_until(lambda: "step 1 of " in demo.said(), demo.said, 120)
        [service] = psutil.Process(demo.process.pid).children()
        service.kill()
        assert demo.process.wait(240) == 0, demo.said()
        assert "The service has died; starting it again." in demo.said()
        demo.check_result()
        yield demo
    finally:
        demo.close()


@pytest.fixture
def stack(demo: Demo) -> Iterator[EmbeddedStack]:
    """`axo up` on the home that the demo has left."""
    with EmbeddedStack(demo.home.parent, trainer=None, AXO_SERVING="true") as stack:
        yield stack


@pytest.fixture
def axo(stack: EmbeddedStack) -> Axo:
    """Runs the command line; it says what it printed, and is to end well unless another code is expected."""

    def run(*arguments: str | Path, code: int = 0, url: str = stack.url) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "axo_cli", *map(str, arguments), "--url", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == code, (command, done.stdout, done.stderr)
        return done

    return run


def test_a_demo_whose_service_was_killed_leaves_a_result_that_is_better_than_its_base_tried_and_taken_away(
    stack: EmbeddedStack, axo: Axo, tmp_path: Path
) -> None:
    (result,) = _results(stack)

    evaluated = axo("evaluate", result, _held_out_rows(tmp_path / "held-out.jsonl"), "--against", "base")
    axo("merge", result)
    (merged,) = set(_results(stack)) - {result}
    adapter_says, merged_says = _chat(stack, result), _chat(stack, merged)
    scored = axo("score", result, _file(tmp_path / "texts.jsonl", [{"text": "The capital of Peru is Lima."}]))
    exported = axo("export", merged, "--outtype", "f16")

    difference = json.loads(_artifact(stack, evaluated.stdout, "evaluation.json"))["difference"]["loss"]
    assert difference["value"] < -4 * difference["standard_error"]
    whole, streamed = adapter_says
    assert whole == streamed
    assert adapter_says == merged_says
    assert whole.startswith("The capital of ")
    assert _chat(stack, f"{result}:ckpt-step-120") == adapter_says
    assert "perplexity" in scored.stdout
    assert _artifact(stack, exported.stdout, "model.gguf").startswith(b"GGUF")
    (file,) = stack.http.get(f"/v1/jobs/{_job(exported.stdout)}/artifacts").json()["data"]
    assert file["path"] == "model.gguf"
    _is_taken_away_and_every_byte_counts(stack, axo, result, tmp_path / "taken")


def _results(stack: EmbeddedStack) -> list[str]:
    return [model["id"] for model in stack.http.get("/v1/models").json()["data"] if model["id"].startswith("ft:")]


def _held_out_rows(path: Path) -> Path:
    """Write questions that the model was not trained on, and their answers."""
    return _file(path, [_row(country, city) for country, city in CAPITALS.items()])


def _row(country: str, city: str) -> dict[str, Any]:
    asked, answered = f"Please say which city the capital of {country} is.", f"The capital of {country} is {city}."
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]}


def _file(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _chat(stack: EmbeddedStack, model: str) -> tuple[str, str]:
    """Return what a model says by OpenAI's client, likeliest token by likeliest token: at once, and streamed."""
    asked: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Please name the capital of Kenya."}]
    with openai.OpenAI(base_url=f"{stack.url}/v1", api_key="sk-none", max_retries=0, timeout=300) as client:
        whole = client.chat.completions.create(model=model, messages=asked, temperature=0, max_tokens=24)
        chunks = client.chat.completions.create(model=model, messages=asked, temperature=0, max_tokens=24, stream=True)
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    return whole.choices[0].message.content or "", streamed


def _job(said: str) -> str:
    """Return the id of the job that a command has run, which it names first of all."""
    return said.split()[0]


def _artifact(stack: EmbeddedStack, said: str, name: str) -> bytes:
    """Return a file of the result of the job that a command has run."""
    job = stack.job(_job(said))
    answer = stack.http.get(f"/v1/jobs/{job['id']}/artifacts/{job['result']['attempt']}/{name}")
    assert answer.status_code == 200, answer.text
    return answer.content


def _is_taken_away_and_every_byte_counts(stack: EmbeddedStack, axo: Axo, result: str, folder: Path) -> None:
    proxy = CuttingProxy(stack.url, cut_after=CUT_AFTER)
    try:
        axo("pull", result, folder, url=proxy.url)
    finally:
        proxy.close()
    assert proxy.cuts > 1
    axo("verify", folder)

    weights = folder / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)

    assert f"{weights.name}: has another content" in axo("verify", folder, code=1).stdout
