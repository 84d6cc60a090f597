"""Supervised fine-tuning: learn to answer as the examples do."""

from typing import Any, ClassVar, Literal

from axo_contracts.datasets import ChatFormat
from axo_contracts.strict import Strict


class Sft(Strict):
    """Supervised fine-tuning. Use it when you have examples of good answers."""

    type: Literal["sft"] = "sft"
    row_format: ClassVar = "chat_template"

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {"train_on_inputs": False}

    def dataset_options(self, row_format: ChatFormat) -> dict[str, Any]:
        """Return how Axolotl reads a data set of `row_format` for this method."""
        return {
            "type": "chat_template",
            "field_messages": row_format.field_messages,
            "roles_to_train": list(row_format.roles_to_train),
            "train_on_eos": row_format.train_on_eos,
        }
