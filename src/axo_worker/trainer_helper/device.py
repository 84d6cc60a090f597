"""The device that will run a config, as Axolotl wants to be told: it need not be on this host."""

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Device:
    """GPUs that run a config together; none of them is the CPU."""

    gpus: int = 0
    compute_capability: tuple[int, int] | None = None

    @classmethod
    def of(cls, question: dict[str, Any]) -> "Device":
        """Return the device that a question names."""
        said = question.get("device") or {}
        capability = said.get("compute_capability")
        return cls(said.get("gpus", 0), tuple(capability) if capability else None)

    @property
    def processes(self) -> int:
        """How many ranks train: one a GPU, or one on the CPU."""
        return max(1, self.gpus)

    def capabilities(self) -> dict[str, Any]:
        """Return what `axolotl.cli.config.gpu_capabilities` would find there."""
        capability = self.compute_capability or (0, 0)
        return {
            "bf16": capability >= (8, 0),
            "fp8": capability >= (9, 0),
            "tf32": capability >= (8, 0),
            "n_gpu": self.processes,
            "n_node": 1,
            "compute_capability": "sm_{}{}".format(*capability) if self.compute_capability else None,
        }


def environment() -> dict[str, str]:
    """Return the second half of what Axolotl validates against: this environment's versions."""
    return {"torch_version": str(torch.__version__).split("+", maxsplit=1)[0]}
