"""A small disk of a test's own, which it may fill and empty."""

import subprocess
from pathlib import Path

_BALLAST_BYTES = 64 * 1024


class SmallDisk:
    """A file system in memory, mounted on the folder `path`."""

    def __init__(self, path: Path, megabytes: int = 24) -> None:
        self.path = path
        self._ballast = path / "ballast"
        options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
        subprocess.run(["mount", *options], check=True, capture_output=True)

    def fill(self) -> None:
        """Take all the room that there is."""
        with self._ballast.open("ab", buffering=0) as ballast:
            size = _BALLAST_BYTES
            while size:
                try:
                    ballast.write(bytes(size))
                except OSError:
                    size //= 2

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)


def can_mount(folder: Path) -> bool:
    """Return whether this process may mount file systems."""
    try:
        SmallDisk(folder).close()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
