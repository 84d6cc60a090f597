"""What a job needs of a worker, and what a worker has."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from axo_contracts.readings import GpuLoad, GpuTrouble, HostLoad
from axo_contracts.strict import Strict


class Resources(Strict):
    """What a job asks for. What is `auto` is resolved when the job is placed, from the worker's capabilities."""

    gpus: Annotated[int, Field(ge=0, le=64)] | Literal["auto"] = "auto"
    """GPUs on one host. auto: one where the worker has any, its CPU where it has none. 0: the CPU."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """auto: bf16 from compute capability 8.0 on, fp16 on older GPUs, fp32 on a CPU."""
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"] = "auto"
    """auto: flash_attention_2 where the GPU and the trainer have it, else sdpa."""
    kernels: Literal["auto", "off"] = "auto"
    """Axolotl's fused LoRA kernels. auto: on a GPU, where the adapter allows them."""


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU of a worker."""

    index: int
    uuid: str
    name: str
    memory_bytes: int
    compute_capability: tuple[int, int]


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker can do. `packages` names what the trainer's environment has, with versions; so does `driver`."""

    gpus: tuple[Gpu, ...] = ()
    cpu_count: int = 1
    memory_bytes: int = 0
    packages: dict[str, str] = {}
    driver: str | None = None  # of the GPUs

    @property
    def slots(self) -> int:
        """Runs that may go on side by side: one a GPU, one on a host without any."""
        return max(1, len(self.gpus))


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's heartbeat, kept in Redis as JSON."""

    id: str
    boot_id: str  # new with each start; an attempt of an earlier boot is gone, because a start kills leftovers first
    host: str
    state: Literal["online", "draining"]
    capabilities: Capabilities
    version: str
    started_at: float  # seconds since 1970
    trouble: str | None = None  # why it takes no work, in one sentence
    has_helper: bool = False  # it answers `axo_contracts.questions`
    gpu_note: str | None = None  # why no GPU is seen, in one sentence
    gpu_troubles: tuple[GpuTrouble, ...] = ()
    gpu_loads: tuple[GpuLoad, ...] = ()
    host_load: HostLoad | None = None

    @property
    def sick_gpus(self) -> frozenset[int]:
        """The GPUs that are given no work."""
        return frozenset(trouble.index for trouble in self.gpu_troubles if trouble.takes_no_work)


def resolve_for_device(resources: Resources, *, is_adapter: bool, capabilities: Capabilities) -> dict[str, Any]:
    """Return the Axolotl options for precision, attention and kernels on a worker with `capabilities`."""
    gpus = capabilities.gpus if resources.gpus != 0 else ()
    modern = bool(gpus) and all(gpu.compute_capability >= (8, 0) for gpu in gpus)
    precision = resources.precision
    if precision == "auto":
        precision = ("bf16" if modern else "fp16") if gpus else "fp32"
    attention = resources.attention
    if attention == "auto":
        attention = "flash_attention_2" if modern and "flash-attn" in capabilities.packages else "sdpa"
    options: dict[str, Any] = {
        "bf16": precision == "bf16",
        "fp16": precision == "fp16",
        "tf32": modern,
        "attn_implementation": attention,
    }
    if is_adapter and (resources.kernels == "off" or not gpus):
        options |= dict.fromkeys(LORA_KERNELS, False)
    return options


LORA_KERNELS = ("lora_mlp_kernel", "lora_qkv_kernel", "lora_o_kernel", "lora_embedding_kernel")
