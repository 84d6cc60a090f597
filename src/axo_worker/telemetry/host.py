"""What the host itself is doing."""

from pathlib import Path

import psutil

from axo_contracts.readings import HostLoad


class HostMeter:
    """Reads the host, and of its disks the one that `folder` is on. The CPU's share is that since the last reading."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        psutil.cpu_percent()

    def read(self) -> HostLoad:
        """Return what the host is doing. A folder that is not there yet has a disk of 0 bytes."""
        memory = psutil.virtual_memory()
        try:
            disk = psutil.disk_usage(str(self._folder))
            free, total = disk.free, disk.total
        except OSError:
            free, total = 0, 0
        return HostLoad(
            cpu_percent=psutil.cpu_percent(),
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            disk_free_bytes=free,
            disk_total_bytes=total,
        )
