"""The process with the model, asked as the desk asks it: what is loaded, what is sampled, what is said."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.serving.tiny import QUESTION, TOKENS, TRAINER_PYTHON, Tiny
from tests.waiting import wait_for

from axo_contracts.completions import Completion, Sampling, written_for_program
from axo_worker.serving.device import Device
from axo_worker.serving.model_process import Died, ModelProcess
from axo_worker.serving.weights import placed
from axo_worker.settings import Settings

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with torch"),
]
GREEDY: dict[str, Any] = {"max_tokens": TOKENS, "temperature": 0.0}


class Served:
    """A serving process, and what it says of one request after the other."""

    def __init__(self, home: Path, tiny: Tiny) -> None:
        settings = Settings(worker_home=home, trainer_python=Path(TRAINER_PYTHON), serving_adapters=2)
        self.process = ModelProcess(settings, Device.find(settings))
        self._tiny = tiny

    def ask(self, adapter: str | None = None, base: str = "model", **asked: Any) -> None:
        """Ask, without waiting for an answer."""
        sampling = Sampling(**GREEDY | {name: asked.pop(name) for name in Sampling.__struct_fields__ if name in asked})
        if "prompts" not in asked:
            asked.setdefault("messages", [{"role": "user", "content": QUESTION}])
        weights: dict[str, Any] = {"base": base, "is_stored": True, "adapter": adapter}
        completion = Completion(name=adapter or base, **weights, sampling=sampling, **asked)
        self.process.ask(written_for_program(completion, placed(completion, self._tiny.folder)))

    def events(self, *until: str) -> list[dict[str, Any]]:
        """Return what it says up to an event of one of these kinds, else to the last."""
        found: list[dict[str, Any]] = []
        while not (found and found[-1]["kind"] in (*until, "done", "failed")):
            found += [json.loads(line) for line in self.process.events(1)]
        return found

    def answer(self, adapter: str | None = None, **asked: Any) -> list[dict[str, Any]]:
        """Ask and return all that it says."""
        self.ask(adapter, **asked)
        events = self.events()
        assert events[-1]["kind"] == "done", events[-1]
        return events

    def text(self, adapter: str | None = None, **asked: Any) -> str:
        """Ask and return what the first answer reads."""
        return text_of(self.answer(adapter, **asked))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, tiny: Tiny) -> Iterator[Served]:
    """A process that serves the tiny model and its adapters."""
    served = Served(tmp_path_factory.mktemp("home"), tiny)
    yield served
    served.process.end()


def test_results_of_one_base_are_served_in_turn_and_the_base_is_loaded_once(served: Served, tiny: Tiny) -> None:
    first = served.answer("adapter")
    second = served.answer("idle")
    base = served.answer(None)
    again = served.answer("adapter")

    assert [loaded(events) for events in (first, second, base, again)] == [
        ["loading model", "loading adapter"],
        ["loading adapter"],
        [],
        [],
    ]
    assert text_of(first) == text_of(again) == tiny.said["adapter"]["text"]
    assert text_of(second) == text_of(base) == tiny.said["base"]["text"]
    assert text_of(first) != text_of(base)


def test_temperature_0_answers_as_generate_does_also_when_merged(served: Served, tiny: Tiny) -> None:
    events = served.answer("adapter")
    several = served.answer("adapter", n=3)
    merged = served.answer(base="merged")

    assert tiny.said["adapter"] == tiny.said["merged"]
    assert text_of(merged) == text_of(events) == tiny.said["merged"]["text"]
    assert events[-1]["completion_tokens"] == merged[-1]["completion_tokens"] == tiny.said["adapter"]["tokens"]
    assert finish_of(events) == "stop"
    assert {text_of(several, index) for index in range(3)} == {text_of(events)}
    assert several[-1]["completion_tokens"] == 3 * events[-1]["completion_tokens"]


def test_adapters_beyond_the_bound_leave_and_come_again(served: Served, tiny: Tiny) -> None:
    for name in ("second", "third"):
        (tiny.folder / name).symlink_to(tiny.folder / "idle", target_is_directory=True)
    served.answer("adapter")

    assert "loading adapter" in loaded(served.answer("second"))
    assert "loading adapter" in loaded(served.answer("third"))
    assert loaded(served.answer("second")) == []
    gone = served.answer("adapter")
    assert loaded(gone) == ["loading adapter"]
    assert text_of(gone) == tiny.said["adapter"]["text"]


def test_an_adapter_that_rewrites_its_base_is_kept_from_the_others(served: Served, tiny: Tiny) -> None:
    served.answer("adapter")

    spoiler = served.answer("spoiler")
    base = served.answer(None)

    assert loaded(spoiler) == ["loading model", "loading adapter"]
    assert loaded(base) == ["loading model"]
    assert text_of(base) == tiny.said["base"]["text"]


def test_nothing_is_left_of_an_adapter_that_does_not_fit(served: Served, tiny: Tiny) -> None:
    turned = _with_a_tensor_turned(tiny)
    served.answer(base="merged")  # so that the adapter is the first on its base

    served.ask(turned)
    refused = served.events()[-1]
    base = served.answer(None)

    assert refused["code"] == "model_not_loadable"
    assert loaded(base) == ["loading model"]
    assert text_of(base) == tiny.said["base"]["text"]


def test_a_stop_string_ends_the_answer_and_no_letter_of_it_is_shown(served: Served, tiny: Tiny) -> None:
    whole = tiny.said["adapter"]["text"]
    across_tokens = whole[3:9]

    cut = served.answer("adapter", stop=["not there", across_tokens], top_logprobs=0)
    uncut = served.text("adapter", stop=[whole + "?", "zzz"])

    assert text_of(cut) == whole.partition(across_tokens)[0]
    assert finish_of(cut) == "stop"
    assert "".join(token["text"] for token in tokens_of(cut)).startswith(text_of(cut))
    assert uncut == whole


def test_the_same_seed_writes_the_same_and_others_do_not(served: Served) -> None:
    wild: dict[str, Any] = {"temperature": 1.5, "max_tokens": 12}

    first, same, other = (served.text(seed=seed, **wild) for seed in (7, 7, 8))
    unseeded = {served.text(**wild) for _ in range(3)}
    several = served.answer(seed=7, n=3, **wild)

    assert first == same != other
    assert len(unseeded) > 1
    assert len({text_of(several, index) for index in range(3)}) > 1
    assert {event["index"] for event in several if event.get("finish_reason")} == {0, 1, 2}
    assert served.text(seed=7, temperature=2.0, top_p=0.0) == served.text(temperature=0.0)


def test_log_probabilities_are_the_models_own(served: Served) -> None:
    cold = tokens_of(served.answer("adapter", top_logprobs=3))
    hot = tokens_of(served.answer("adapter", top_logprobs=3, temperature=2.0, seed=1, presence_penalty=1.0))

    assert "".join(token["text"] for token in cold) == served.text("adapter")
    for token in cold:
        assert len(token["top"]) == 3
        assert token["top"][0]["logprob"] == token["logprob"]  # greedy takes the likeliest
        assert sum(math.exp(other["logprob"]) for other in token["top"]) <= 1 + 1e-5
        assert bytes(token["bytes"]).decode() == token["text"]
    assert hot[0]["top"] == cold[0]["top"]


def test_penalties_make_what_was_written_less_likely(served: Served) -> None:
    prompt: dict[str, Any] = {"prompts": ["aaaa"], "max_tokens": 40}

    free = tokens_of(served.answer(**prompt, top_logprobs=0))
    bound = tokens_of(served.answer(**prompt, top_logprobs=0, frequency_penalty=2.0, presence_penalty=2.0))

    assert len({token["text"] for token in bound}) > len({token["text"] for token in free})


def test_texts_and_tokens_are_gone_on_with_as_they_are(served: Served) -> None:
    events = served.answer(prompts=["What comes", [5, 6, 7]], echo=True, max_tokens=4)

    assert text_of(events, 0).startswith("What comes")
    assert finish_of(events) == "length"
    assert events[-1]["completion_tokens"] <= 8
    assert {event["index"] for event in events if event["kind"] == "piece"} == {0, 1}


def test_what_cannot_be_answered_is_refused_and_the_next_is_answered(served: Served, tiny: Tiny) -> None:
    def refusal(**asked: Any) -> tuple[str, str]:
        served.ask(**asked)
        last = served.events()[-1]
        return last["code"], last["message"]

    assert refusal(max_tokens=1000)[0] == "context_length_exceeded"
    assert (
        refusal(messages=[{"role": "user", "content": "again " * 600}], max_tokens=None)[0] == "context_length_exceeded"
    )
    assert refusal(prompts=[[10**6]]) == ("invalid_prompt", f"prompt: the model knows the tokens 0 to {_known(tiny)}.")
    assert refusal(adapter="model")[0] == "model_not_loadable"
    assert refusal(adapter=_reward_model(tiny))[0] == "model_not_loadable"
    assert served.text("adapter") == tiny.said["adapter"]["text"]


def test_what_takes_too_long_is_cut_and_what_nobody_wants_is_dropped(served: Served) -> None:
    late = served.answer(seconds=0.0, max_tokens=400)
    served.ask(max_tokens=480, n=8, temperature=1.0)
    served.events("piece")
    served.process.cancel()
    dropped = served.events()

    assert (finish_of(late), late[-1]["completion_tokens"]) == ("length", 1)
    assert dropped[-1] == {"kind": "done", "prompt_tokens": 0, "completion_tokens": 0}


def test_it_has_no_secret_of_the_service_and_says_when_it_is_killed(
    served: Served, tmp_path: Path, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXO_REDIS_URL", "redis://:secret@127.0.0.1")
    other = Served(tmp_path, tiny)
    environment = wait_for(lambda: _environment(other.process.pid), "its environment")

    psutil.Process(other.process.pid).kill()

    assert "AXO_REDIS_URL" not in environment
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    with pytest.raises(Died, match="signal 9"):
        other.events()
    with pytest.raises(Died):
        other.ask()
    other.process.end()


def loaded(events: list[dict[str, Any]]) -> list[str]:
    """Return what had to be loaded."""
    return [event["phase"] for event in events if event["kind"] == "working"]


def text_of(events: list[dict[str, Any]], index: int = 0) -> str:
    """Return what one of the answers reads."""
    return "".join(event["text"] for event in events if event["kind"] == "piece" and event["index"] == index)


def tokens_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the likelihoods of the first answer's tokens."""
    return [token for event in events if event["kind"] == "piece" for token in event.get("tokens", ())]


def finish_of(events: list[dict[str, Any]]) -> str:
    """Return why the first answer ended."""
    (reason,) = {event["finish_reason"] for event in events if event.get("finish_reason") and event["index"] == 0}
    return str(reason)


def _reward_model(tiny: Tiny) -> str:
    """Make an adapter that says of itself that it gives scores."""
    shutil.copytree(tiny.path("idle"), tiny.path("scores"))
    config = tiny.folder / "scores" / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"task_type": "SEQ_CLS"}))
    return "scores"


def _with_a_tensor_turned(tiny: Tiny) -> str:
    """Make an adapter of which one tensor has its rows for columns."""
    shutil.copytree(tiny.path("adapter"), tiny.path("turned"))
    file = tiny.folder / "turned" / "adapter_model.safetensors"
    content = file.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    tensors = json.loads(content[8:begin])
    next(tensor for name, tensor in tensors.items() if "lora_A" in name)["shape"].reverse()
    header = json.dumps(tensors).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + content[begin:])
    return "turned"


def _known(tiny: Tiny) -> int:
    return int(json.loads((tiny.folder / "model" / "config.json").read_text())["vocab_size"]) - 1


def _environment(pid: int) -> dict[str, str]:
    lines = Path("/proc", str(pid), "environ").read_text().split("\0")
    return dict(line.split("=", 1) for line in lines if "=" in line)
