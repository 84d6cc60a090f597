"""How each kind of job is run. A new kind: what it leaves, in `missing_of`; its program, in `axo_worker/tasks/`."""

from pathlib import Path

from axo_contracts import storage_paths
from axo_contracts.orders import RunOrder
from axo_worker.helping.check import refusal
from axo_worker.kinds import push, task, train
from axo_worker.kinds.launch import Launch
from axo_worker.results import missing_result
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings

__all__ = ["Launch", "launch_of", "missing_of", "refusal_of"]


def refusal_of(order: RunOrder, settings: Settings) -> str | None:
    """Return why the order's config would not be accepted, as far as that can be asked before its start, or None."""
    return refusal(order, settings) if order.kind == "train" else None


def launch_of(order: RunOrder, settings: Settings, runtime: RunFolder, resume_from: Path | None) -> Launch:
    """Return how the order's program is started."""
    match order.kind:
        case "train":
            return train.launch(order, settings, runtime, resume_from)
        case "push":
            return push.launch(order, settings, runtime)
        case "preprocess":
            return task.launch(order, settings, runtime, {"plugins": train.plugins(order)})
        case _:
            return task.launch(order, settings, runtime)


def missing_of(order: RunOrder, outputs: Path) -> str | None:
    """Return what is wrong with what the run was to leave in `outputs`, or None when it is there and readable."""
    match order.kind:
        case "train":
            return missing_result(outputs, is_adapter=bool(order.config.get("adapter")))
        case "preprocess":
            return task.missing_data(outputs / storage_paths.PREPARED)
        case "merge" | "quantize":
            weights = missing_result(outputs, is_adapter=False)
            return weights or task.missing_file(outputs, ("config.json", "tokenizer_config.json"))
        case "export":
            return task.missing_gguf(outputs / task.GGUF)
        case "score":
            return task.missing_file(outputs, ("scores.jsonl", "summary.json"))
        case "evaluate":
            answers = ("generations.jsonl",) if order.config["generate"] else ()
            return task.missing_file(outputs, (*answers, "evaluation.json"))
        case "generate":
            return task.missing_file(outputs, ("generations.jsonl",))
        case "push":
            return task.missing_file(outputs, ("push.json",))
