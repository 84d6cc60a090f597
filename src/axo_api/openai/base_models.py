"""What a client's name for a model stands for here: the operator's map, else the name itself."""

import re
from collections.abc import Mapping

from axo_api.errors import ApiError
from axo_contracts.names import without_snapshot

_OPENAI = re.compile(r"(gpt-(?!neo|j|oss)|chatgpt-|o\d|davinci|babbage|curie|ada|text-)[\w.:-]*")


class ModelNotFound(ApiError):
    """A model that cannot be trained here."""

    status = 400
    code = "model_not_found"


def mapped(name: str, base_models: Mapping[str, str]) -> str | None:
    """Return what the operator has `name` stand for; a dated snapshot is its model where it has no own entry."""
    return base_models.get(name) or base_models.get(without_snapshot(name))


def base_model_of(name: str, base_models: Mapping[str, str]) -> str:
    """Return the hub name or the path that `name` stands for.

    Raises `ModelNotFound` for a name of OpenAI's that the operator has mapped to nothing.
    """
    if (known := mapped(name, base_models)) is not None:
        return known
    if _OPENAI.fullmatch(name):
        raise ModelNotFound(
            f"model: {name!r} is OpenAI's, and stands for nothing here. Name an open model (org/model), or have the "
            f'operator set AXO_BASE_MODELS={{"{name}": "org/model"}}.',
            param="model",
        )
    return name
