"""What an upload may be called, and be for."""

import re
from typing import NamedTuple

from axo_api.errors import Invalid
from axo_contracts.wrappings import COMPRESSIONS, CONTAINERS, Wrapping

PURPOSES = ("fine-tune",)
"""What a file may be uploaded for, of OpenAI's purposes. `fine-tune-results` is what the service itself makes."""

MAX_FILENAME_BYTES = 255


class DataName(NamedTuple):
    """A file's name, and what it says of the content."""

    filename: str
    wrapping: Wrapping


def checked_name(filename: str | None, param: str = "file") -> DataName:
    """Return a plain file name that says what the file is. Raises `Invalid`."""
    if not filename:
        raise Invalid(f"{param}: it has no filename; send it as a file, such as `-F file=@rows.jsonl`.", param=param)
    filename = re.split(r"[/\\]", filename)[-1]  # OpenAI's command line sends the whole path
    if not filename or not filename.isprintable():
        raise Invalid(f"{param}: {filename[:64]!r} is no file name; leave control characters out.", param=param)
    if len(filename.encode()) > MAX_FILENAME_BYTES:
        raise Invalid(f"{param}: its name is longer than {MAX_FILENAME_BYTES} bytes.", param=param)
    wrapping = Wrapping.named(filename)
    if wrapping is None:
        known = ", ".join(f".{container}" for container in CONTAINERS)
        raise Invalid(
            f"{param}: {filename[:64]!r} is not .jsonl; a data file is {known}, or one of these with "
            f"{' or '.join(COMPRESSIONS)} behind it.",
            param=param,
        )
    return DataName(filename, wrapping)


def checked_purpose(purpose: str) -> str:
    """Return a purpose that there is. Raises `Invalid`."""
    if purpose not in PURPOSES:
        raise Invalid(f"purpose: {purpose[:64]!r} is none of {', '.join(PURPOSES)}.", param="purpose")
    return purpose
