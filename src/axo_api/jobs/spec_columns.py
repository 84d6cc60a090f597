"""What a kept spec says, as columns and conditions of queries: alike for typed specs and for whole Axolotl configs."""

from sqlalchemy import ColumnElement, case, func

from axo_api.tables import jobs

_SPEC = jobs.c.spec


def base_model_column() -> ColumnElement[str]:
    """Return the model that a job trains, or what else it is about."""
    named = _SPEC["base_model"].as_string(), _SPEC[("config", "base_model")].as_string(), _SPEC["model"].as_string()
    return func.coalesce(*named)


def method_column() -> ColumnElement[str]:
    """Return the method that a job trains by; of a job of another kind, its kind."""
    trained = func.coalesce(_SPEC[("method", "type")].as_string(), _SPEC[("config", "rl")].as_string(), "sft")
    return case((jobs.c.kind == "train", trained), else_=jobs.c.kind)


def adapter_column() -> ColumnElement[str]:
    """Return the adapter that a job trains, or `full` for all weights."""
    return func.coalesce(_SPEC[("adapter", "type")].as_string(), _SPEC[("config", "adapter")].as_string(), "full")


def gpus_column() -> ColumnElement[str]:
    """Return how many GPUs a job asks for: a number, or `auto`."""
    return func.coalesce(_SPEC[("resources", "gpus")].as_string(), "auto")


def max_steps_column() -> ColumnElement[str]:
    """Return how many steps a job is to make; null where its epochs decide."""
    typed, whole = _SPEC[("hyperparameters", "max_steps")].as_string(), _SPEC[("config", "max_steps")].as_string()
    return func.coalesce(typed, whole)


def has_base_model(name: str) -> ColumnElement[bool]:
    """Select the jobs that train the model `name`, or are about it."""
    return base_model_column() == name


def has_method(name: str) -> ColumnElement[bool]:
    """Select the jobs that train by the method `name`."""
    return method_column() == name


def has_adapter(name: str) -> ColumnElement[bool]:
    """Select the jobs that train the adapter `name`, or all weights (`full`)."""
    return adapter_column() == name
