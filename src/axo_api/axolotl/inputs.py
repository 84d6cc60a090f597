"""Where the uploaded files that a spec names lie among a run's inputs, and how Axolotl calls what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from axo_contracts.datasets import FileSource
from axo_contracts.jobs import JobSpec
from axo_contracts.storage_paths import INPUTS
from axo_contracts.wrappings import Wrapping

JSON_LINES = Wrapping("jsonl")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The uploaded files of a run. `wrappings` says, by their ids, what they are; one that it lacks is JSON lines."""

    wrappings: Mapping[str, Wrapping] = field(default_factory=dict)

    def path(self, file_id: str) -> str:
        """Return where a file lies, unpacked, in the workspace."""
        return str(PurePosixPath(INPUTS, input_name(file_id, self._wrapping(file_id))))

    def dataset_type(self, file_id: str) -> str:
        """Return what Axolotl's `ds_type` calls it."""
        return self._wrapping(file_id).dataset_type

    def _wrapping(self, file_id: str) -> Wrapping:
        return self.wrappings.get(file_id, JSON_LINES)


ALL_JSON_LINES = Inputs()


def input_name(file_id: str, wrapping: Wrapping) -> str:
    """Return the name under which an uploaded file lies, unpacked, among a run's inputs."""
    return f"{file_id}.{wrapping.container}"


def file_ids(spec: JobSpec) -> set[str]:
    """Return the ids of the uploaded files that `spec` names."""
    return {source.file_id for _, source, _ in spec.sources() if isinstance(source, FileSource)}
