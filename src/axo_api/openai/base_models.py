"""What a client's name for a model stands for here: the operator's map, else the name itself."""

import re
from collections.abc import Mapping

from axo_api.errors import ApiError

_OPENAI = re.compile(r"(gpt-(?!neo|j|oss)|chatgpt-|o\d|davinci|babbage|curie|ada|text-)[\w.:-]*")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")


class ModelNotFound(ApiError):
    """A model that cannot be trained here."""

    status = 400
    code = "model_not_found"


def base_model_of(name: str, base_models: Mapping[str, str]) -> str:
    """Return the hub name or the path that `name` stands for; a dated snapshot is its model where it has no own entry.

    Raises `ModelNotFound` for a name of OpenAI's that the operator has mapped to nothing, and for a trained model's.
    """
    for known in (name, _SNAPSHOT.sub("", name)):
        if known in base_models:
            return base_models[known]
    if name.startswith("ft:"):
        raise ModelNotFound(
            f"model: {name!r} is a trained model; training starts from a base model. Name the base, or go on from a "
            "job with POST /v1/jobs/{id}/retry.",
            param="model",
        )
    if _OPENAI.fullmatch(name):
        raise ModelNotFound(
            f"model: {name!r} is OpenAI's, and stands for nothing here. Name an open model (org/model), or have the "
            f'operator set AXO_BASE_MODELS={{"{name}": "org/model"}}.',
            param="model",
        )
    return name
