"""The one base model that a worker serves: its process, and what that runs on."""

import structlog

from axo_contracts.completions import ServingState
from axo_worker.serving.device import Device
from axo_worker.serving.model_process import ModelProcess
from axo_worker.settings import Settings

log = structlog.get_logger()


class Engine:
    """Has one process with one base model, or none. `state` says which."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model: ModelProcess | None = None
        self._device: Device | None = None
        self.state = ServingState()

    @property
    def has_died(self) -> bool:
        """Whether its process has ended without being told to."""
        return self._model is not None and not self._model.is_alive

    @property
    def is_wanted_back(self) -> bool:
        """Whether a run waits for the GPU that it has."""
        return self._device is not None and self._device.is_wanted

    def model(self, wanted: ServingState) -> ModelProcess:
        """Return a living process for a base model. Another base's is ended first: there may be no room for two."""
        if self._model is None or self.has_died or self.state != wanted:
            self.end()
            self._device = Device.find(self._settings)
            self._model = ModelProcess(self._settings, self._device)
            self.state = wanted
            gpu = None if self._device.gpu is None else self._device.gpu.index
            log.info("serving", base=wanted.base, revision=wanted.revision, gpu=gpu)
        return self._model

    def end(self) -> None:
        """End the process, if there is one, and give back what it ran on."""
        if self._model is not None:
            log.info("not serving any more", base=self.state.base, has_died=self.has_died)
            self._model.end()
        if self._device is not None:
            self._device.close()
        self._model, self._device, self.state = None, None, ServingState()
