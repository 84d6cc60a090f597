"""Exporting: a whole model as one GGUF file, written by llama.cpp's converter."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from axolotl.utils.gguf import preflight
from huggingface_hub import snapshot_download

from .output import whole_path
from .run import Run
from .tools import ToolMissing

GGUF = "model.gguf"


def run(run: Run) -> None:
    """Write `model.gguf`. Raises `ToolMissing` where the worker names no converter."""
    converter = os.environ.get("AXO_GGUF_CONVERTER")
    if converter is None or not Path(converter).is_file():
        raise ToolMissing(
            "AXO_GGUF_CONVERTER names no file on this worker; set it to llama.cpp's convert_hf_to_gguf.py"
        )
    run.turn_to("loading model")
    model = _folder(run.config["models"]["model"])
    preflight(model, run.outputs)
    run.begin("exporting", max_steps=1)
    with whole_path(run.outputs / GGUF) as part:
        outtype = run.config["outtype"]
        subprocess.run([sys.executable, converter, model, "--outfile", part, "--outtype", outtype], check=True)
    run.advance(1)


def _folder(weights: dict[str, Any]) -> Path:
    """Return where the model's files lie; those of the hub are fetched."""
    if os.path.isdir(weights["base"]):  # noqa: PTH112 (a name on the hub is no path)
        return Path(weights["base"])
    return Path(snapshot_download(weights["base"], revision=weights["revision"]))
