"""What the trainer measures, as OpenAI calls it."""

from collections.abc import Mapping

TOKENS = "tokens_seen"
"""The metric that counts an attempt's tokens so far, as the trainer plugin reports it."""

OPENAI_NAMES = {
    "loss": "train_loss",
    "mean_token_accuracy": "train_mean_token_accuracy",
    "eval_loss": "valid_loss",
    "eval_mean_token_accuracy": "valid_mean_token_accuracy",
}


def measured(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return those of `values` that OpenAI has, by its names."""
    return {name: values[own] for own, name in OPENAI_NAMES.items() if own in values}
