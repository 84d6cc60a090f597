"""How a person names a job, on a command line or in a chat: its id, the beginning of it, or its name."""

import re
from collections.abc import Mapping
from typing import Any

from axo_contracts.ids import JOB

WHOLE_ID = re.compile(rf"{JOB}-[0-9a-z]{{26}}")


def is_meant(job: Mapping[str, Any], meant: str) -> bool:
    """Return whether `meant` is the name or the beginning of the id of a job, as the API gives it."""
    found_id: str = job["id"]
    return meant == job["name"] or found_id.startswith((meant, f"{JOB}-{meant}"))
