"""The model that every part of a spec builds on."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Frozen, and closed: an unknown field is an error, never dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name that is not ours: one line of text, without control characters."""

NO_NUL = r"^[^\x00]*$"
"""Any text but what Postgres cannot keep: one such label would be in the way of each query that looks at labels."""

Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A whole number of something, which fits everywhere that it goes."""

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][\w.-]*$")]
"""A job's name for people."""

_Label = Annotated[str, Field(max_length=64, pattern=NO_NUL)]
_LabelText = Annotated[str, Field(max_length=512, pattern=NO_NUL)]
Labels = Annotated[dict[_Label, _LabelText], Field(max_length=16, default_factory=dict)]
"""A client's own labels of a job."""

Priority = Annotated[int, Field(ge=-100, le=100)]
