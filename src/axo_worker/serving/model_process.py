"""The process with the model, as the desk holds it: in the trainer's environment, by two pipes."""

import contextlib
import json
import os
import select
import subprocess
from typing import Any

from axo_contracts.trainer_plugin import HELPER, MODEL_SERVER, PLUGIN, TASKS
from axo_worker import cache_use, model_server, tasks, trainer_helper, trainer_plugin
from axo_worker.serving.device import Device
from axo_worker.settings import Settings
from axo_worker.trainer_environment import absolute, link_packages, threads, trainer_environment

_READ_BYTES = 256 * 1024
_PACKAGES = {MODEL_SERVER: model_server, TASKS: tasks, PLUGIN: trainer_plugin, HELPER: trainer_helper}


class Died(Exception):
    """The process has ended, by itself or killed."""


class ModelProcess:
    """Runs from its making to `end`. It dies with this process's thread that made it."""

    def __init__(self, settings: Settings, device: Device) -> None:
        python_path = link_packages(_PACKAGES, settings.worker_home.absolute() / "serving" / "python")
        environment = {
            **trainer_environment(settings),
            **device.environment(),
            "PYTHONPATH": str(python_path),
            "TRANSFORMERS_VERBOSITY": "error",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "OMP_NUM_THREADS": threads(1),
        }
        options = json.dumps({**device.options(), "most_adapters": settings.serving_adapters})
        python = str(absolute(settings.trainer_python))
        self._process = subprocess.Popen(
            [python, "-m", MODEL_SERVER, str(os.getpid()), options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._unread = b""
        self._caches_held = cache_use.hold(settings.worker_home)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended, by itself or killed."""
        return self._process.poll() is None

    def ask(self, completion: dict[str, Any]) -> None:
        """Have a completion written. The one before must have ended. Raises `Died`."""
        self._tell(completion)

    def cancel(self) -> None:
        """Have the process stop writing at the next token. Raises `Died`."""
        self._tell("cancel")

    def events(self, seconds: float) -> list[bytes]:
        """Return what it says, a whole line an event; nothing when it is silent for so long. Raises `Died`."""
        assert self._process.stdout
        fd = self._process.stdout.fileno()
        if not select.select([fd], [], [], seconds)[0]:
            return []
        received = os.read(fd, _READ_BYTES)
        if not received:
            raise Died(_how(self._process.wait()))
        *lines, self._unread = (self._unread + received).split(b"\n")
        return lines

    def end(self) -> None:
        """Kill it, and return when it is gone: it holds nothing that could be lost."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            with contextlib.suppress(BrokenPipeError):  # what it did not live to read is still to be written
                pipe.close()
        os.close(self._caches_held)

    def _tell(self, what: Any) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise Died(_how(self._process.wait())) from error


def _how(status: int) -> str:
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
