"""What a kept spec says, as conditions to search by: alike for typed specs and for whole Axolotl configs."""

from sqlalchemy import ColumnElement, func

from axo_api.tables import jobs

_SPEC = jobs.c.spec


def has_base_model(name: str) -> ColumnElement[bool]:
    """Select the jobs that train the model `name`."""
    typed, whole = _SPEC["base_model"].as_string(), _SPEC[("config", "base_model")].as_string()
    return func.coalesce(typed, whole) == name


def has_method(name: str) -> ColumnElement[bool]:
    """Select the jobs that train by the method `name`."""
    typed, whole = _SPEC[("method", "type")].as_string(), _SPEC[("config", "rl")].as_string()
    return func.coalesce(typed, whole, "sft") == name


def has_adapter(name: str) -> ColumnElement[bool]:
    """Select the jobs that train the adapter `name`, or all weights (`full`)."""
    typed, whole = _SPEC[("adapter", "type")].as_string(), _SPEC[("config", "adapter")].as_string()
    return func.coalesce(typed, whole, "full") == name
