"""What a worker says of a completion that failed, as a refusal of this API."""

from axo_api.errors import ApiError, Conflict, Invalid, Unavailable
from axo_api.models.service import ModelNotFound
from axo_contracts.completions import Failed


class ContextLengthExceeded(Invalid):
    """The prompt and the answer that is asked for are longer than the model's context."""

    code = "context_length_exceeded"


class InvalidPrompt(Invalid):
    """The model cannot read the prompt."""

    code = "invalid_prompt"


class ModelNotLoadable(Conflict):
    """The model is there, and a worker cannot load it."""

    code = "model_not_loadable"


class GenerationFailed(ApiError):
    """The model failed while it wrote. To ask the same again will not help."""

    code = "generation_failed"
    headers = {"x-should-retry": "false"}  # noqa: RUF012 (a constant of the class)


def refusal_of(failed: Failed, *, asked_in: str) -> ApiError:
    """Return the refusal; `asked_in` is the field that has what the model was to go on with."""
    match failed.code:
        case "context_length_exceeded":
            return ContextLengthExceeded(failed.message, param=asked_in)
        case "invalid_prompt":
            return InvalidPrompt(failed.message, param=asked_in)
        case "model_not_found":
            return ModelNotFound(failed.message, param="model")
        case "model_not_loadable":
            return ModelNotLoadable(failed.message, param="model")
        case "generation_failed":
            return GenerationFailed(failed.message)
        case "unavailable":
            return Unavailable(failed.message)
