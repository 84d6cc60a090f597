"""Loading models: a base, and what was trained on it. Several results of one base share its weights."""

from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

Weights = dict[str, Any]
"""`base`: a name on the hub or a folder; `revision` of the hub's; `adapter`: a folder, or None."""

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32, "auto": "auto"}


def tokenizer_of(weights: Weights) -> Any:
    """Return the tokenizer that was kept beside what was trained; else the base's."""
    adapter = weights["adapter"]
    if adapter is not None and Path(adapter, "tokenizer_config.json").is_file():
        tokenizer = AutoTokenizer.from_pretrained(adapter)
    else:
        tokenizer = AutoTokenizer.from_pretrained(weights["base"], revision=weights["revision"])
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_base(weights: Weights, vocabulary: int, *, dtype: str, attention: str = "sdpa") -> Any:
    """Return the base model, with room for the tokens that training has added."""
    model = AutoModelForCausalLM.from_pretrained(
        weights["base"], revision=weights["revision"], dtype=DTYPES[dtype], attn_implementation=attention
    )
    if vocabulary > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(vocabulary, mean_resizing=False)
    return model


class Models:
    """Holds one base model at a time, and puts one adapter at a time on it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._held: tuple[str, str | None, int] | None = None
        self._base: Any = None
        self._adapted: Any = None

    def use(self, weights: Weights, tokenizer: Any) -> Any:
        """Return the model of `weights`, ready to be asked. What an earlier call returned is of no use any more."""
        if self._adapted is not None:
            self._base, self._adapted = self._adapted.unload(), None
        wanted = weights["base"], weights["revision"], len(tokenizer)
        if self._held != wanted:
            self._base = None  # before the next is loaded: there may be no room for two
            self._base = load_base(weights, len(tokenizer), dtype=self._dtype(), attention=self._attention())
            self._base.to(self._device)
            self._held = wanted
        if weights["adapter"] is not None:
            self._adapted = PeftModel.from_pretrained(self._base, weights["adapter"])
        return (self._base if self._adapted is None else self._adapted).eval()

    def _dtype(self) -> str:
        return next((name for name in ("bf16", "fp16") if self._config.get(name)), "fp32")

    def _attention(self) -> str:
        return str(self._config.get("attn_implementation") or "sdpa")
