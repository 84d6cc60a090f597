"""What the device decides, where the config leaves it open."""

from typing import Any

PRECISIONS = ("bf16", "fp16", "fp8", "bfloat16", "float16", "float32")
ATTENTIONS = (
    *("attn_implementation", "flash_attention", "flex_attention", "sdp_attention", "xformers_attention"),
    *("sage_attention", "eager_attention", "s2_attention", "gemma4_hybrid_attn_impl"),
)
CHOICES = (PRECISIONS, ATTENTIONS)


def with_defaults(config: dict[str, Any], for_device: dict[str, Any]) -> dict[str, Any]:
    """Return `config` with what it leaves open (or empty) taken from `for_device`.

    Precision and attention are one choice each, spelt in several keys: who writes `fp16: true` wants no `bf16` beside
    it.
    """
    open_keys = {key for key in for_device if config.get(key) is None}
    for choice in CHOICES:
        if any(config.get(key) for key in choice):
            open_keys -= set(choice)
    return config | {key: for_device[key] for key in for_device if key in open_keys}
