"""An estimate of the memory that training takes on each device, part by part, each with what it rests on."""

from typing import Any

from axolotl.utils.dict import DictDefault

from .device import Device
from .model_size import ModelSize, base_bytes

PAIRS = ("dpo", "ipo", "orpo", "simpo")  # both answers go through the model at once
_GIB = 1024**3
_FUSED_LOSSES = ("cut_cross_entropy", "liger_fused_linear_cross_entropy", "chunked_cross_entropy")

OPTIMIZER_BYTES: dict[str, float] = {  # a trained number, beside those whose state has the type of the weights
    "adamw_bnb_8bit": 2.03,
    "adamw_8bit": 2.03,
    "paged_adamw_8bit": 2.03,
    "lion_8bit": 1.02,
    "adafactor": 0.05,
    "sgd": 0.0,
}
_COPIES_OF_WEIGHTS = {"adamw_torch": 2, "adamw_torch_fused": 2, "muon": 1}


def optimizer_bytes(name: str, size: ModelSize) -> int:
    """Return what the optimizer keeps; one that is not in the tables is taken for two copies of what is trained."""
    if name in OPTIMIZER_BYTES:
        return round(size.trained_parameters * OPTIMIZER_BYTES[name])
    return size.trained_parameters * size.trained_bytes_each * _COPIES_OF_WEIGHTS.get(name, 2)


def memory(cfg: DictDefault, size: ModelSize, longest_row: int | None, device: Device) -> list[dict[str, Any]]:
    """Return the parts of the estimate, in bytes a device."""
    bits = "4 bits" if cfg.load_in_4bit else "8 bits" if cfg.load_in_8bit else f"{size.bytes_each * 8} bits"
    trained, each = size.trained_parameters, size.trained_bytes_each
    parts = [_part("base weights", base_bytes(cfg, size), f"{size.base_parameters:,} parameters in {bits}")]
    if cfg.adapter:
        parts.append(_part("adapter", trained * each, f"{trained:,} parameters in {each * 8} bits"))
    elif cfg.rl in ("dpo", "ipo", "kto"):
        parts.append(_part("reference model", base_bytes(cfg, size), "a second copy of the base, which is not trained"))
    parts += [
        _part("gradients", trained * each, f"one number of {each * 8} bits for each of {trained:,} trained parameters"),
        _part("optimizer", optimizer_bytes(str(cfg.optimizer), size), f"the state of {cfg.optimizer}"),
        *_activations(cfg, size, longest_row),
    ]
    so_far = sum(part["bytes"] for part in parts)
    if device.gpus:
        reason = "a CUDA context and libraries (0.8 GiB), and a tenth for what the allocator leaves unused"
        return [*parts, _part("overhead", int(0.8 * _GIB + 0.1 * so_far), reason)]
    return [*parts, _part("overhead", int(0.75 * _GIB), "Python, torch and Axolotl in the host's memory")]


def _activations(cfg: DictDefault, size: ModelSize, longest_row: int | None) -> list[dict[str, Any]]:
    model = size.config
    row = cfg.sequence_len
    if longest_row and not (cfg.sample_packing or cfg.pad_to_sequence_len):
        row = min(row, longest_row)
    rows = cfg.micro_batch_size * (2 if cfg.rl in PAIRS else 1)
    tokens, hidden, layers = rows * row, model.hidden_size, model.num_hidden_layers
    wide = getattr(model, "intermediate_size", None) or 4 * hidden
    a_layer = tokens * (10 * hidden + 4 * wide) * size.bytes_each
    if str(cfg.attn_implementation) == "eager":
        a_layer += 2 * rows * model.num_attention_heads * row * row * size.bytes_each
    shape = f"{rows} rows of {row} tokens"
    if cfg.gradient_checkpointing:
        kept, reason = layers * tokens * hidden * size.bytes_each + a_layer, "each layer's input, and one layer whole"
    else:
        kept, reason = layers * a_layer, "each layer: 10 × hidden + 4 × intermediate numbers a token"
    parts = [_part("activations", kept, f"{shape}; {reason}")]
    if not any(cfg[option] for option in _FUSED_LOSSES):
        logits = tokens * model.vocab_size * (8 + size.bytes_each)
        parts.append(
            _part("logits", logits, f"{shape} over {model.vocab_size:,} words, with their gradient in 32 bits")
        )
    return parts


def _part(part: str, size: int, rests_on: str) -> dict[str, Any]:
    return {"part": part, "bytes": int(size), "rests_on": rests_on}
