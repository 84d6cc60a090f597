"""A job's TensorBoard event files on this machine, brought up to what the service has."""

from pathlib import Path, PurePosixPath
from urllib.parse import quote

from axo_cli.api import Api
from axo_cli.errors import UsageError
from axo_contracts.lifecycle import TERMINAL

FOLDER = "tensorboard"
BEGIN = "events.out.tfevents."


class EventFiles:
    """The event files of one job, in one folder below `into`: its attempts are one run there, one after the other."""

    def __init__(self, api: Api, job: str, into: Path) -> None:
        self._api = api
        self._job = job
        self._folder = into / job

    def has_ended(self) -> bool:
        """Return whether the job writes nothing more."""
        return self._api.get(f"/v1/jobs/{self._job}")["status"] in TERMINAL

    def fetch(self) -> int:
        """Get what was added, and return how many files there are. Raises `UsageError` for an ended job without any."""
        artifacts = self._api.get(f"/v1/jobs/{self._job}/artifacts")["data"]
        found = [one for one in artifacts if _is_event_file(one["path"])]
        self._folder.mkdir(exist_ok=True)
        for artifact in found:
            path = self._folder / f"{BEGIN}{artifact['attempt']:06}.{Path(artifact['path']).name.removeprefix(BEGIN)}"
            size = path.stat().st_size if path.exists() else 0
            if artifact["bytes"] > size:
                self._append(path, artifact["attempt"], artifact["path"], size)
        if not found and self.has_ended():
            raise UsageError(
                f'{self._job} has no event files; submit jobs with "integrations": [{{"type": "tensorboard"}}].'
            )
        return len(found)

    def _append(self, path: Path, attempt: int, artifact: str, size: int) -> None:
        place = f"/v1/jobs/{self._job}/artifacts/{attempt}/{quote(artifact)}"
        with self._api.stream(place, {"Range": f"bytes={size}-"}, read_timeout=30) as chunks, path.open("ab") as file:
            file.writelines(chunks)


def _is_event_file(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return parts[0] == FOLDER and parts[-1].startswith(BEGIN)
