"""Where things lie below the storage root that the control plane and the workers share."""

from pathlib import PurePosixPath


def uploaded_file(file_id: str) -> PurePosixPath:
    """Return where the content of an uploaded file lies."""
    return PurePosixPath("files", file_id[-2:], file_id)


def row_hashes(file_id: str) -> PurePosixPath:
    """Return where the hashes of an uploaded file's rows lie; only the control plane reads them."""
    return uploaded_file(file_id).with_suffix(".rows")


UPLOAD_PARTS = PurePosixPath("files", "parts")
"""The folder that holds the parts of each upload, in a folder of its own."""


def upload_part(upload_id: str, part_id: str) -> PurePosixPath:
    """Return where a part of an upload lies until the upload is complete."""
    return UPLOAD_PARTS / upload_id / part_id


def job(job_id: str) -> PurePosixPath:
    """Return the folder of a job."""
    return PurePosixPath("jobs", job_id)


def journal(job_id: str) -> PurePosixPath:
    """Return a job's journal; only the recorder writes it."""
    return job(job_id) / "journal.ndjson"


def metrics(job_id: str) -> PurePosixPath:
    """Return the lines of a job's journal that are metrics; only the recorder writes them, and beside them columns."""
    return job(job_id) / "metrics.ndjson"


def manifest(job_id: str) -> PurePosixPath:
    """Return the signed manifest of a job's result, which is there once it was asked for."""
    return job(job_id) / "manifest.json"


def job_of(path: PurePosixPath) -> str:
    """Return the id of the job in whose folder `path` lies."""
    return path.parts[1]


def attempts(job_id: str) -> PurePosixPath:
    """Return the folder that holds a job's attempts, each by its number."""
    return job(job_id) / "attempts"


def attempt(job_id: str, number: int) -> PurePosixPath:
    """Return the folder that one attempt, and nobody else, writes into; the trainer's working directory."""
    return attempts(job_id) / str(number)


OUTPUTS = "outputs"
"""The trainer's output_dir, within an attempt's folder."""


def is_of_checkpoint(name: str) -> bool:
    """Return whether a name at the top of an output folder is a checkpoint's, also of one that is being removed."""
    return name.startswith("checkpoint-") or is_of_removed_checkpoint(name)


def is_of_removed_checkpoint(name: str) -> bool:
    """Return whether a name at the top of an output folder is of a checkpoint that is being removed: it is no more."""
    return (before := before_aside(name)) is not None and before.startswith("checkpoint-")


_ASIDE = ".removed"


def aside(name: str) -> str:
    """Return what a folder is called, beside its place, while it is being removed, so that nobody finds half of it."""
    return f".{name}{_ASIDE}"


def before_aside(name: str) -> str | None:
    """Return what a folder was called before it was put `aside`; None for a name that no folder has there."""
    return name[1 : -len(_ASIDE)] if name.startswith(".") and name.endswith(_ASIDE) else None


PREPARED = "prepared"
"""Data that Axolotl has prepared: of a training within an attempt's folder, of a `preprocess` within its outputs."""

INPUTS = "inputs"
"""What the run reads, within an attempt's folder."""

CONFIG = "config.yaml"
"""The Axolotl config, within an attempt's folder."""
