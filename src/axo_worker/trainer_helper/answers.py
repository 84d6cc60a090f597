"""The questions that the helper knows, and what it needs to have loaded to answer them at once."""

from typing import Any

import axolotl.common.datasets
import axolotl.core.builders
import axolotl.loaders.adapter  # noqa: F401  # these three take seconds, and each child would import them again

from .device import Device
from .planning import plan
from .preview import preview
from .validation import Refusal, remember_the_merged_schema, shown, validated
from .workspace import Unreadable


def warm_up() -> None:
    """Do once what the first validation does once: Axolotl's plugins, its schema."""
    remember_the_merged_schema()
    rehearse()


def rehearse() -> None:
    """Validate the smallest config: whatever a validation needs is in place then."""
    smallest = {
        "base_model": "none",
        "datasets": [{"path": "none", "type": "alpaca"}],
        "micro_batch_size": 1,
        "gradient_accumulation_steps": 1,
        "learning_rate": 1e-4,
    }
    validated(smallest, Device())


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a question, both as `axo_contracts.questions` has them."""
    try:
        match question["kind"]:
            case "validate":
                cfg, warnings = validated(question["config"], Device.of(question))
                return {"kind": "valid", "config": shown(cfg), "warnings": warnings}
            case "plan":
                return {"kind": "planned", **plan(question)}
            case "preview":
                return {"kind": "previewed", "rows": preview(question)}
            case kind:
                return {"kind": "failed", "message": f"The helper knows no question {kind!r}."}
    except Refusal as refusal:
        return {"kind": "refused", "errors": refusal.errors}
    except Unreadable as problem:
        return {"kind": "failed", "message": str(problem)}
    except MemoryError:
        return {"kind": "failed", "message": "The trainer's helper ran out of the memory that it may use for it."}
