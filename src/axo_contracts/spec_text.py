"""What a job's spec, as the API gives it, is about, in words: the same on a terminal and in a chat."""

from collections.abc import Mapping
from typing import Any


def model_text(spec: Mapping[str, Any]) -> str:
    """Return the model that a job trains, or that it is about."""
    return str((spec.get("config") or spec).get("base_model") or spec["model"])


def method_text(kind: str, spec: Mapping[str, Any]) -> str:
    """Return how a job trains; of a job of another kind, its kind."""
    if kind != "train":
        return kind
    if "config" in spec:
        return f"a whole config, {spec['config'].get('rl') or 'sft'}, {spec['config'].get('adapter') or 'full'}"
    return f"{spec['method']['type']}, {spec['adapter']['type']}"
