"""Axolotl's own validation of a config, and its refusals in one shape."""

import contextlib
import copy
import functools
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import axolotl.utils.config as axolotl_config
from axolotl.integrations.base import get_builtin_plugins
from axolotl.utils.config import prepare_plugins, validate_config
from axolotl.utils.dict import DictDefault
from pydantic import ValidationError

from .device import Device, environment
from .tracker_packages import TRACKERS, lacking, missing, turned_on

OWN_KEYS = ("capabilities", "env_capabilities")  # of what we tell it, not of the config


class Refusal(Exception):
    """Axolotl does not accept the config: `errors` is a list of {param, message}."""

    def __init__(self, errors: list[dict[str, str | None]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


def remember_the_merged_schema() -> None:
    """Have Axolotl build its schema, merged with its own plugins' options, once instead of for each config.

    It takes 70 to 150 ms, and depends on the loaded plugins alone; a config that names more of them forgets it.
    """
    axolotl_config.merge_input_args = functools.cache(axolotl_config.merge_input_args)


class Accepted(NamedTuple):
    """What Axolotl makes of a config, defaults and all, and what it warned of on the way."""

    cfg: DictDefault
    warnings: list[str]


def validated(config: dict[str, Any], device: Device) -> Accepted:
    """Return what Axolotl makes of `config` for `device`. Raises `Refusal`."""
    if absent := missing(turned_on(config)):
        raise Refusal([{"param": TRACKERS[name].use_key, "message": lacking(name)} for name in absent])
    cfg = DictDefault(copy.deepcopy(config))
    try:
        _load_plugins(cfg)
        with _heard() as warnings:
            return Accepted(validate_config(cfg, device.capabilities(), environment()), warnings)
    except ValidationError as error:
        raise Refusal(_problems(error)) from None
    except Exception as error:
        raise Refusal([_problem_of(error, config)]) from None


def shown(cfg: DictDefault) -> dict[str, Any]:
    """Return a validated config as plain JSON values, without what we told Axolotl ourselves."""
    plain = {key: _plain(value) for key, value in cfg.items() if key not in OWN_KEYS and value is not None}
    return dict(sorted(plain.items()))


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what Axolotl warns of."""
    said: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: said.append(_sentence(record.getMessage()))  # type: ignore[method-assign]
    logger = logging.getLogger("axolotl")
    logger.addHandler(listener)
    yield said
    logger.removeHandler(listener)


def _load_plugins(cfg: DictDefault) -> None:
    if cfg.plugins or get_builtin_plugins():
        prepare_plugins(cfg)
    if cfg.plugins and hasattr(axolotl_config.merge_input_args, "cache_clear"):
        axolotl_config.merge_input_args.cache_clear()


def _problems(error: ValidationError) -> list[dict[str, str | None]]:
    within = ("datasets",) if error.title.endswith("Dataset") else ()  # validated one by one, before the whole
    return [_problem(problem, within) for problem in error.errors(include_url=False, include_input=False)]


def _problem(problem: Any, within: Sequence[str]) -> dict[str, str | None]:
    place = [str(part) for part in (*within, *problem["loc"]) if not _is_type_name(part)]
    return {"param": ".".join(place) or None, "message": _sentence(_said(problem))}


def _said(problem: Any) -> str:
    text: str = problem["msg"].removeprefix("Value error, ")
    return "This option is required" if problem["type"] == "missing" else text


def _problem_of(error: Exception, config: dict[str, Any]) -> dict[str, str | None]:
    if not config.get("base_model"):
        return {"param": "base_model", "message": "This option is required."}
    return {"param": None, "message": _sentence(str(error) or type(error).__name__)}


def _is_type_name(part: Any) -> bool:
    """Pydantic names the member of a union that it tried: `datasets.0.SFTDataset.path`."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple | set):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return str(getattr(value, "value", value))  # an enumeration's member is a string, too
    return value if isinstance(value, int | float | bool) else str(getattr(value, "value", value))
