"""A process reward model: learn to tell right steps of a solution from wrong ones."""

from typing import Any, ClassVar, Literal

from axo_contracts.format_names import FormatName
from axo_contracts.methods.training_method import LearningRates, TrainingMethod


class ProcessRewardModel(TrainingMethod):
    """A process reward model. Use it when you have solutions whose every step is marked right or wrong, and need a
    model that finds the step where a solution goes wrong."""

    formats: ClassVar[tuple[FormatName, ...]] = ("stepwise_supervised",)
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=1e-4, full=1e-5)
    head = ("score",)

    type: Literal["process_reward"] = "process_reward"

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {
            "process_reward_model": True,
            "model_type": "AutoModelForTokenClassification",
            "num_labels": 2,
            "remove_unused_columns": False,
        }
