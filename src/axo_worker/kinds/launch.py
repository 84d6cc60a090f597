"""What a kind of job needs in order to be started."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Launch:
    """A command to start in the attempt's folder, its whole environment, and what it needs in the config."""

    command: tuple[str, ...]
    environment: dict[str, str]
    config: dict[str, Any]
