"""Reads the notifier's YAML file, with the secrets that it takes from the environment."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from axo_contracts.config_text import read_config
from axo_notify.settings import NotifySettings

_VARIABLE = re.compile(r"\$\{(\w+)\}")


class BadConfig(Exception):
    """The file cannot be used. The text says what, where, and how to mend it; it holds no secret."""


def read_settings(path: Path, environment: Mapping[str, str]) -> NotifySettings:
    """Return what is in a file. Raises `BadConfig`."""
    try:
        written = read_config(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} cannot be read: {error}.") from error
    except ValueError as error:
        raise BadConfig(f"{path}: {error}.") from error
    try:
        return NotifySettings.model_validate(_filled(written, environment, ()))
    except ValidationError as error:
        raise BadConfig(_sentences(path, error)) from None  # its own text would show the values, secrets among them
    except KeyError as error:
        where, variable = error.args
        raise BadConfig(f"{path}: {where}: the environment has no {variable}; set it, or write the value.") from None


def _filled(value: Any, environment: Mapping[str, str], where: tuple[str, ...]) -> Any:
    """Return a value with each ${NAME} in it replaced. Raises KeyError(where, name)."""
    match value:
        case dict():
            return {key: _filled(inner, environment, (*where, key)) for key, inner in value.items()}
        case list():
            return [_filled(inner, environment, (*where, str(place))) for place, inner in enumerate(value)]
        case str():
            return _VARIABLE.sub(lambda found: _variable(found[1], environment, where), value)
        case _:
            return value


def _variable(name: str, environment: Mapping[str, str], where: tuple[str, ...]) -> str:
    if name not in environment:
        raise KeyError(".".join(where), name)
    return environment[name]


def _sentences(path: Path, error: ValidationError) -> str:
    return "\n".join(_sentence(path, problem["loc"], problem["msg"]) for problem in error.errors(include_input=False))


def _sentence(path: Path, where: tuple[int | str, ...], message: str) -> str:
    place = "".join(f"{part}: " for part in (".".join(map(str, where)),) if part)
    return f"{path}: {place}{message.removeprefix('Value error, ').removesuffix('.')}."
