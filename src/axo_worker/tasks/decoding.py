"""How `generate` is told to choose the next token."""

from typing import Any


def options(model: Any, tokenizer: Any, sampling: dict[str, Any]) -> dict[str, Any]:
    """Return how to generate; what the model's own generation config says beyond its end tokens counts for nothing.

    It makes one answer to each prompt, for it refuses to make several greedy ones: who wants more repeats the prompt.
    """
    options: dict[str, Any] = {
        "max_new_tokens": sampling["max_new_tokens"],
        "num_return_sequences": 1,
        "pad_token_id": tokenizer.pad_token_id,
        "do_sample": sampling["temperature"] > 0,
        "repetition_penalty": 1.0,
    }
    if ends := end_tokens(model, tokenizer):
        options["eos_token_id"] = ends
    if sampling["temperature"] > 0:
        options |= {"temperature": sampling["temperature"], "top_p": sampling["top_p"], "top_k": 0}
    return options


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: the tokenizer's, and those of the model."""
    said = model.generation_config.eos_token_id
    known = [tokenizer.eos_token_id, *(said if isinstance(said, list) else [said])]
    return sorted({token for token in known if token is not None})
