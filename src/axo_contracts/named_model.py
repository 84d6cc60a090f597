"""Where a spec names a model that it starts from."""

import re
from typing import Annotated, NamedTuple

from pydantic import Field

ModelName = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f]+$")]
"""A model on the hub, a path, or what was trained here: one line of text."""


class NamedModel(NamedTuple):
    """A model as it was named, and the field that names it: `base_model`, `model`, `compare_with`."""

    field: str
    name: str
    revision: str | None = None

    @property
    def is_trained_here(self) -> bool:
        """Whether it is the name of a result or of an alias, or a job's id, and not one on the hub or a path."""
        return self.name.startswith(TRAINED_HERE) or BY_JOB.fullmatch(self.name) is not None

    @property
    def is_of_chain(self) -> bool:
        """Whether it is a word for what the job before in a chain leaves."""
        return self.name in (PREVIOUS, BASE)


TRAINED_HERE = "ft:"

PREVIOUS = "previous"
"""In a chain: the model that the jobs before have left."""

BASE = "base"
"""What a model was made from: of a result its base model."""

BY_JOB = re.compile(r"(?P<job>ftjob-[0-9a-z]{26})(:ckpt-step-(?P<step>\d{1,9}))?")
"""The id of a job as the name of what it left, or of a checkpoint of it."""
