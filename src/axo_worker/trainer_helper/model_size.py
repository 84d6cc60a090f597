"""How large a model is, counted on the meta device: no weight is read, and none takes memory."""

from dataclasses import dataclass
from typing import Any

import torch
from axolotl.loaders.adapter import load_lora
from axolotl.loaders.utils import load_model_config
from axolotl.utils.dict import DictDefault
from peft import get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoModelForTokenClassification

BITS_4_BYTES = 0.516  # NF4 with double quantization: half a byte, and the scales of its blocks
BITS_8_BYTES = 1.0


@dataclass(frozen=True)
class Tensor:
    """A weight that is trained."""

    name: str
    shape: tuple[int, ...]
    elements: int


@dataclass(frozen=True)
class ModelSize:
    """A model and what is trained of it."""

    config: Any
    parameters: int
    base_parameters: int
    quantized_parameters: int  # of the base, held in 4 or 8 bits
    bytes_each: int  # of the base, where it is not quantized
    trained_bytes_each: int
    trained: tuple[Tensor, ...]
    saved: dict[str, tuple[int, ...]]  # what a checkpoint holds, by name: the adapter, or the whole model
    base: dict[str, tuple[int, ...]]

    @property
    def trained_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(tensor.elements for tensor in self.trained)


def measure(cfg: DictDefault) -> ModelSize:
    """Return the size of the base and of what the config trains of it. Raises what transformers and PEFT raise."""
    config = load_model_config(cfg)
    with torch.device("meta"):
        model = _model_class(cfg).from_config(config)
    base = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    base_parameters = sum(weight.numel() for weight in model.parameters())
    quantized = _quantized(model) if cfg.load_in_4bit or cfg.load_in_8bit else 0
    saved = base
    if cfg.adapter:
        _, adapter = load_lora(model, cfg, config_only=True)
        with torch.device("meta"):
            model = get_peft_model(model, adapter)
        saved = {name: tuple(weight.shape) for name, weight in get_peft_model_state_dict(model).items()}
    own = torch.finfo(cfg.torch_dtype).bits // 8
    return ModelSize(
        config=config.get_text_config(),
        parameters=sum(weight.numel() for weight in model.parameters()),
        base_parameters=base_parameters,
        quantized_parameters=quantized,
        bytes_each=own,
        trained_bytes_each=4 if cfg.adapter and cfg.peft_autocast_adapter_dtype is not False else own,
        trained=tuple(
            Tensor(name, tuple(weight.shape), weight.numel())
            for name, weight in model.named_parameters()
            if weight.requires_grad
        ),
        saved=saved,
        base=base,
    )


def base_bytes(cfg: DictDefault, size: ModelSize) -> int:
    """Return what the base model's weights take where they are held."""
    quantized = size.quantized_parameters * (BITS_4_BYTES if cfg.load_in_4bit else BITS_8_BYTES)
    return round(quantized) + (size.base_parameters - size.quantized_parameters) * size.bytes_each


def _model_class(cfg: DictDefault) -> Any:
    if cfg.reward_model:
        return AutoModelForSequenceClassification
    if cfg.process_reward_model:
        return AutoModelForTokenClassification
    return AutoModelForCausalLM


def _quantized(model: Any) -> int:
    """Return how many weights bitsandbytes holds in few bits: those of linear layers, the head left out."""
    head = model.get_output_embeddings()
    linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear) and module is not head]
    return sum(module.weight.numel() for module in linear)
