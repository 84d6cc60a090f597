"""Merging: the base's weights with the adapter's added, as a model of its own."""

from peft import PeftModel

from .models import load_base, tokenizer_of
from .output import whole_folder
from .run import Run


def run(run: Run) -> None:
    """Merge on the CPU or on the GPU, whichever the run has. The sum is kept in the numbers that `dtype` says."""
    weights = run.config["models"]["model"]
    run.turn_to("loading model")
    tokenizer = tokenizer_of(weights)
    base = load_base(weights, len(tokenizer), dtype=run.config["dtype"])
    adapted = PeftModel.from_pretrained(base, weights["adapter"])
    run.begin("merging", max_steps=2)
    merged = adapted.merge_and_unload(safe_merge=True)
    run.advance(1)
    run.turn_to("saving")
    with whole_folder(run.outputs) as folder:
        merged.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    run.advance(1)
