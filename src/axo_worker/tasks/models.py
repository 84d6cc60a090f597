"""Loading models: a base, and what was trained on it. Several results of one base share its weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from .adapters import Adapters

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
    """Holds one base model at a time, and the adapters that were used last on it.

    `tell` is called with the phase when something has to be loaded.
    """

    def __init__(
        self, config: dict[str, Any], *, most_adapters: int = 1, tell: Callable[[str], object] = lambda _: None
    ) -> None:
        self._config = config
        self._most_adapters = most_adapters
        self._tell = tell
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._held: tuple[str, str | None, int] | None = None
        self._adapters: Adapters | None = None

    def use(self, weights: Weights, tokenizer: Any) -> Any:
        """Return the model of `weights`, ready to be asked. What an earlier call returned is of no use any more."""
        wanted = weights["base"], weights["revision"], len(tokenizer)
        if self._adapters is None or self._held != wanted or not self._adapters.takes(weights["adapter"]):
            self._tell("loading model")
            self._held = self._adapters = None  # before the next is loaded: there may be no room for two
            self._adapters = Adapters(self._load(weights, len(tokenizer)), self._most_adapters)
            self._held = wanted
        if not self._adapters.holds(weights["adapter"]):
            self._tell("loading adapter")
        try:
            return self._adapters.put_on(weights["adapter"]).eval()
        except Exception:
            self._held = self._adapters = None  # half of the adapter may lie on the base
            raise

    def _load(self, weights: Weights, vocabulary: int) -> Any:
        base = load_base(weights, vocabulary, dtype=self._dtype(), attention=self._attention())
        return base.to(self._device)

    def _dtype(self) -> str:
        return next((name for name in ("bf16", "fp16") if self._config.get(name)), "fp32")

    def _attention(self) -> str:
        return str(self._config.get("attn_implementation") or "sdpa")
