"""Quantising: a whole model's weights in 4 bits, as a model that transformers loads."""

from typing import Any

import torch

from .models import load_base, tokenizer_of
from .output import whole_folder
from .run import Run
from .tools import ToolMissing

try:
    from axolotl.utils.quantization import quantize_model
    from axolotl.utils.schemas.enums import TorchAOQuantDType
except ImportError as error:
    raise ToolMissing(f"torchao cannot be used in the trainer's environment ({error}); install it there") from error


def run(run: Run) -> None:
    """Quantise on the CPU or on the GPU, whichever the run has."""
    weights = run.config["models"]["model"]
    run.turn_to("loading model")
    tokenizer = tokenizer_of(weights)
    model = load_base(weights, len(tokenizer), dtype="auto").to("cuda" if torch.cuda.is_available() else "cpu")
    _check_rows(model, run.config["group_size"])
    run.begin("quantizing", max_steps=2)
    quantize_model(model, TorchAOQuantDType.int4, run.config["group_size"], TorchAOQuantDType.int8)
    run.advance(1)
    run.turn_to("saving")
    with whole_folder(run.outputs) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    run.advance(1)


def _check_rows(model: Any, group_size: int) -> None:
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and module.in_features % group_size:
            raise ValueError(
                f"group_size: {group_size} does not divide the {module.in_features} weights of a row of {name}; "
                "choose one that does"
            )
