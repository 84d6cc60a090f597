"""A reward model: learn to give the better of two answers the higher score."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from axo_contracts.formats import RowFormat
from axo_contracts.methods.preference import PreferenceMethod
from axo_contracts.methods.training_method import LearningRates
from axo_contracts.trainer_plugin import REWARD_PAIRS


class RewardModel(PreferenceMethod):
    """A Bradley-Terry reward model. Use it when you need a model that scores answers, to rank them or to train another
    model by. The result has one score in the place of a vocabulary."""

    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=1e-4, full=1e-5)
    keeps_hub_names = True

    type: Literal["reward"] = "reward"
    center_rewards_coefficient: Annotated[float, Field(ge=0, le=100)] | None = None
    """Pulls the mean of all scores towards 0; 0.01 is usual. Left out: not at all."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        options = {
            "reward_model": True,
            "model_type": "AutoModelForSequenceClassification",
            "num_labels": 1,
            "remove_unused_columns": False,
        }
        if self.center_rewards_coefficient is not None:
            options["center_rewards_coefficient"] = self.center_rewards_coefficient
        return options

    def dataset_options(self, row_format: RowFormat) -> dict[str, Any]:
        """Return how Axolotl reads rows of `row_format` for this method."""
        return {"type": REWARD_PAIRS}
