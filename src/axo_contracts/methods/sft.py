"""Supervised fine-tuning: learn to answer as the examples do."""

from typing import Any, ClassVar, Literal

from axo_contracts.format_names import FormatName
from axo_contracts.methods.training_method import TrainingMethod


class Sft(TrainingMethod):
    """Supervised fine-tuning. Use it when you have examples of good answers."""

    formats: ClassVar[tuple[FormatName, ...]] = ("chat_template", "sharegpt", "alpaca", "input_output", "completion")
    takes_packing = True

    type: Literal["sft"] = "sft"
    train_on_inputs: bool = False
    """Whether the questions carry loss as well as the answers."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {"train_on_inputs": self.train_on_inputs}
