"""Which paths a job may name: what the operator allows, but for the storage, where what lies has owners."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from axo_api.jobs.permission import Permission
from axo_api.settings import Settings

WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Readable:
    """What lies below `roots`, but for what lies below `private`."""

    roots: Sequence[Path]
    private: Path | None = None

    @classmethod
    def of(cls, settings: Settings, permission: Permission) -> Self:
        """Return what may be named by whoever has `permission`."""
        return cls(settings.allowed_roots, None if permission.into_storage else settings.storage_root)

    def holds(self, path: str) -> bool:
        """Return whether a job may read `path`, an absolute one, wherever its links lead."""
        if not path.startswith("/") or "\x00" in path:
            return False
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(root.resolve()) for root in self.roots) and not self._is_private(real)

    def _is_private(self, path: Path) -> bool:
        if self.private is None:
            return False
        private, above = self.private.resolve(), _above_a_wildcard(path)
        return path.is_relative_to(private) or (above is not None and private.is_relative_to(above))


def _above_a_wildcard(path: Path) -> Path | None:
    """Return the folder in which a pattern may match anything; None for a path without a wildcard."""
    for index, part in enumerate(path.parts):
        if WILDCARD.search(part):
            return Path(*path.parts[:index])
    return None
