"""Pushing: what was trained here is taken to a hub, to object storage, or to a folder outside of the service."""

from typing import Any, Literal, Self

from pydantic import model_validator

from axo_contracts import pickles
from axo_contracts.destinations import Destination
from axo_contracts.resources import Resources
from axo_contracts.tasks.task_spec import TaskSpec


class PushSpec(TaskSpec):
    """Copy a result or a checkpoint with its manifest to where the operator allows it; all of it, or nothing that
    looks whole."""

    kind: Literal["push"]
    to: Destination
    """`hf://OWNER/REPO`, `s3://BUCKET/PATH`, `gs://BUCKET/PATH`, `az://CONTAINER/PATH` or `file:///FOLDER`. The keys
    for it are the worker's."""
    private: bool = True
    """Whether a repository on a hub is to be private. One that is public already is refused then."""
    resources: Resources = Resources(gpus=0)
    """The CPU: nothing is computed."""

    @model_validator(mode="after")
    def _is_of_ours(self) -> Self:
        if not self.named_models()[0].is_trained_here:
            raise ValueError("model: only what was trained here is pushed; name it as GET /v1/models does (ft:…)")
        return self

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {
            "to": self.to,
            "private": self.private,
            "pickles": {"suffixes": sorted(pickles.SUFFIXES), "names": sorted(pickles.NAMES)},
        }
