"""Refusals of the native API in the words of OpenAI's: whoever wrote `training_file` is told of `training_file`."""

from collections.abc import Iterator
from contextlib import contextmanager

from axo_api.errors import ApiError

_FIELDS = {
    "datasets.0": "training_file",
    "validation_datasets.0": "validation_file",
    "base_model": "model",
    "name": "suffix",
}


@contextmanager
def in_openai_words() -> Iterator[None]:
    """Rename, in a refusal that is raised within, the fields that the client has called otherwise."""
    try:
        yield
    except ApiError as error:
        if error.param is not None and (name := _name(error.param)) != error.param:
            error.message = error.message.replace(error.param, name)
            error.errors = [
                {**one, "param": name, "message": one["message"].replace(error.param, name)}
                if one.get("param") == error.param
                else one
                for one in error.errors
            ]
            error.param = name
        raise


def _name(param: str) -> str:
    return next((name for field, name in _FIELDS.items() if param == field or param.startswith(f"{field}.")), param)
