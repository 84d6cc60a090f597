"""What the methods have in common that let the model answer while it trains, and learn from how the answers do."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from axo_contracts.adapters import Adapter
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.methods.training_method import TrainingMethod
from axo_contracts.strict import Count, Line, Strict

Share = Annotated[float, Field(gt=0, le=1)]


class ColocatedVllm(Strict):
    """vLLM on the GPUs that train, taking turns with the training."""

    mode: Literal["colocate"] = "colocate"
    gpu_memory_utilization: Share = 0.3
    """The share of each GPU's memory that vLLM takes."""
    tensor_parallel_size: Annotated[int, Field(ge=1, le=64)] = 1
    """GPUs over which it splits the model."""
    max_model_len: Count = 4096
    """Longest prompt and answer together, in tokens."""
    vllm_enable_sleep_mode: bool = False
    """Give its memory back while the model trains."""

    def trl_options(self) -> dict[str, Any]:
        """Return what it means in Axolotl's section `trl`."""
        return {"vllm_mode": "colocate", "vllm_enable_sleep_mode": self.vllm_enable_sleep_mode}

    def engine_options(self) -> dict[str, Any]:
        """Return Axolotl's section `vllm`."""
        return self.model_dump(include={"gpu_memory_utilization", "tensor_parallel_size", "max_model_len"})


class VllmServer(Strict):
    """A vLLM server that runs already, started with `axolotl vllm-serve` on GPUs of its own."""

    mode: Literal["server"] = "server"
    vllm_server_host: Line
    """The host, as the worker sees it."""
    vllm_server_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    vllm_server_timeout: Count = 240
    """Seconds to wait for it to answer."""

    def trl_options(self) -> dict[str, Any]:
        """Return what it means in Axolotl's section `trl`."""
        return {"vllm_mode": "server", **self.model_dump(exclude={"mode"})}

    def engine_options(self) -> dict[str, Any]:
        """Return nothing: the server has options of its own."""
        return {}


Vllm = Annotated[ColocatedVllm | VllmServer, Field(discriminator="mode")]


class GeneratingMethod(TrainingMethod):
    """Has the model write several answers to each prompt."""

    num_generations: Annotated[int, Field(ge=2, le=1024)] = 4
    """Answers to each prompt. They are compared with each other, so micro_batch_size × gradient_accumulation_steps must
    be a multiple of it."""
    max_completion_length: Count = 256
    """Longest answer in tokens."""
    temperature: Annotated[float, Field(gt=0, le=10)] = 1.0
    """How freely the answers are drawn."""
    top_p: Share = 1.0
    """Draw from the likeliest tokens that have this share of the probability. 1: from all."""
    top_k: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Draw from so many likeliest tokens. 0: from all."""
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Leave out tokens that are less likely than this share of the likeliest."""
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Over 1: tokens that were used already are less likely."""
    vllm: Vllm | None = None
    """Write the answers with vLLM, many times faster on a GPU. Left out: with the training's own model."""

    @property
    def needs_gpu(self) -> bool:
        """Whether it cannot train on a CPU."""
        return self.vllm is not None

    def _generation_options(self) -> dict[str, Any]:
        trl: dict[str, Any] = {
            "num_generations": self.num_generations,
            "max_completion_length": self.max_completion_length,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "repetition_penalty": self.repetition_penalty,
            "use_vllm": self.vllm is not None,
        }
        if self.min_p is not None:
            trl["min_p"] = self.min_p
        options: dict[str, Any] = {"trl": trl, "eval_batch_size": self.num_generations}
        if self.vllm is not None:
            trl |= self.vllm.trl_options()
            options["vllm"] = self.vllm.engine_options()
        return options

    def problems(self, hyperparameters: Hyperparameters, adapter: Adapter) -> Iterator[str]:
        """Yield why it cannot train so, a sentence each."""
        yield from super().problems(hyperparameters, adapter)
        rows = hyperparameters.micro_batch_size * hyperparameters.gradient_accumulation_steps
        if rows % self.num_generations:
            yield (
                f"micro_batch_size × gradient_accumulation_steps is {rows}, and must be a multiple of "
                f"num_generations, {self.num_generations}"
            )
