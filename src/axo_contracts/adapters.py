"""What is trained of the model: a LoRA adapter, a LoRA adapter on a 4-bit base, or all weights. One class each."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.strict import Line, Strict

Modules = Annotated[tuple[Line, ...], Field(max_length=1024)]


class _LowRank(Strict):
    lora_r: Annotated[int, Field(ge=1, le=1024)] = 16
    """Rank of the update matrices. More rank: more capacity, more memory."""
    lora_alpha: Annotated[int, Field(ge=1, le=4096)] = 32
    """The update is scaled by lora_alpha / lora_r."""
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout on the adapter's input. Axolotl's fused LoRA kernels need 0."""
    lora_target_modules: Modules | None = None
    """Names of the modules to adapt, as the model names them. Left out: every linear layer."""
    lora_target_linear: bool | None = None
    """Adapt every linear layer. Left out: unless lora_target_modules names modules."""
    lora_modules_to_save: Modules | None = None
    """Modules trained in full beside the adapter, such as embed_tokens and lm_head after adding tokens."""
    peft_use_dora: bool = False
    """DoRA: magnitude and direction apart. Often better at low rank, slower."""
    peft_use_rslora: bool = False
    """rsLoRA: scale by the root of the rank, steadier at high rank."""

    @model_validator(mode="after")
    def _adapts_something(self) -> Self:
        if self.lora_target_linear is False and not self.lora_target_modules:
            raise ValueError("nothing is adapted; name lora_target_modules, or leave lora_target_linear out")
        return self

    def _low_rank_options(self, head: tuple[str, ...]) -> dict[str, Any]:
        options: dict[str, Any] = {
            "lora_r": self.lora_r,
            "lora_alpha": self.lora_alpha,
            "lora_dropout": self.lora_dropout,
        }
        if self.lora_target_linear or not self.lora_target_modules:
            options["lora_target_linear"] = True
        if self.lora_target_modules:
            options["lora_target_modules"] = list(self.lora_target_modules)
        if saved := dict.fromkeys((*(self.lora_modules_to_save or ()), *head)):
            options["lora_modules_to_save"] = list(saved)
        if self.peft_use_dora:
            options["peft_use_dora"] = True
        if self.peft_use_rslora:
            options["peft_use_rslora"] = True
        return options


class Lora(_LowRank):
    """Train a small adapter beside frozen weights: the default, and right for most jobs."""

    type: Literal["lora"] = "lora"

    def axolotl_options(self, head: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the Axolotl options that this adapter means; the new modules `head` are trained in full beside it."""
        return {"adapter": "lora", **self._low_rank_options(head)}


class Qlora(_LowRank):
    """LoRA on a base held in 4 bits: a quarter of the weights' memory, somewhat slower."""

    type: Literal["qlora"] = "qlora"

    def axolotl_options(self, head: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the Axolotl options that this adapter means; the new modules `head` are trained in full beside it."""
        return {"adapter": "qlora", "load_in_4bit": True, **self._low_rank_options(head)}


class FullWeights(Strict):
    """Train every weight: the most capacity, and about 16 bytes of GPU memory a parameter with AdamW."""

    type: Literal["full"] = "full"

    def axolotl_options(self, head: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the Axolotl options that this adapter means; the new modules `head` are trained in full beside it."""
        return {}


Adapter = Annotated[Lora | Qlora | FullWeights, Field(discriminator="type")]
