"""Which values of a spec are defaults."""

from typing import Any

from pydantic import BaseModel


def defaults_of(given: BaseModel, filled: BaseModel, prefix: str = "") -> dict[str, Any]:
    """Return what `filled` has that was not `given`, by dotted name. A preset's values count as defaults, too."""
    found: dict[str, Any] = {}
    for name in type(filled).model_fields:
        place, value = f"{prefix}{name}", getattr(filled, name)
        was_given = name in given.model_fields_set
        below = getattr(given, name, None) if was_given else None
        if isinstance(value, BaseModel) and not isinstance(below, BaseModel):
            below = value.model_construct()
        if isinstance(value, BaseModel) and isinstance(below, BaseModel):
            found |= defaults_of(below, value, f"{place}.")
        elif not was_given and value is not None and value != {} and value != ():
            found[place] = filled.model_dump(mode="json", include={name})[name]
    return found
