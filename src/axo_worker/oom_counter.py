"""How often the kernel killed something of ours for want of memory."""

from pathlib import Path

_V2_ROOT = Path("/sys/fs/cgroup")
_V1_ROOT = Path("/sys/fs/cgroup/memory")


def oom_kills() -> int | None:
    """Return the count of the control group that this process is in, or None where it can't be read."""
    for file in _candidates():
        try:
            lines = file.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return None


def _candidates() -> list[Path]:
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        inside = path.lstrip("/")
        if controllers == "":
            found.append(_V2_ROOT / inside / "memory.events")
        elif "memory" in controllers.split(","):
            found += [_V1_ROOT / inside / "memory.oom_control", _V1_ROOT / "memory.oom_control"]
    return found
