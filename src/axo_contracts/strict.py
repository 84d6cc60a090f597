"""The model that every part of a spec builds on."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Frozen, and closed: an unknown field is an error, never dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)
