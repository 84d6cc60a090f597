"""What a model is served on: the CPU, or a GPU that no run has."""

from dataclasses import dataclass
from typing import Any, Self

from axo_contracts.resources import Capabilities, Gpu, Resources, resolve_for_device
from axo_worker.gpu_locks import Loan
from axo_worker.settings import Settings
from axo_worker.telemetry.finding import find_driver


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU on loan; None: the CPU."""

    gpu: Gpu | None
    loan: Loan | None
    precision: Any

    @classmethod
    def find(cls, settings: Settings) -> Self:
        """Return an idle GPU, if the settings allow one and there is one; else the CPU."""
        if settings.serving_device == "idle_gpu":
            gpus = {gpu.index: gpu for gpu in find_driver(cpu_only=settings.cpu_only).driver.gpus()}
            if loan := Loan.take(settings.worker_home, gpus):
                return cls(gpus[loan.gpu], loan, settings.serving_precision)
        return cls(None, None, settings.serving_precision)

    @property
    def is_wanted(self) -> bool:
        """Whether a run waits for it."""
        return self.loan is not None and self.loan.is_wanted

    def environment(self) -> dict[str, str]:
        """Return which GPU the process with the model sees."""
        visible = "" if self.gpu is None else str(self.gpu.index)
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": visible}

    def options(self) -> dict[str, Any]:
        """Return the numbers and the attention that fit the device, as for a run."""
        gpus = () if self.gpu is None else (self.gpu,)
        resources = Resources(precision=self.precision)
        return resolve_for_device(resources, is_adapter=False, capabilities=Capabilities(gpus=gpus))

    def close(self) -> None:
        """Give a GPU back, from which the process with the model must be gone."""
        if self.loan is not None:
            self.loan.close()
