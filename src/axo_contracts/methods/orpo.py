"""Odds ratio preference optimization: imitate the better answer and avoid the worse one, in one go."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from axo_contracts.methods.preference import PreferenceMethod
from axo_contracts.methods.training_method import LearningRates


class Orpo(PreferenceMethod):
    """Odds ratio preference optimization. Use it on a base model that has had no fine-tuning yet: it is SFT and
    preference in one, without a reference model."""

    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=5e-5, full=5e-6)
    keeps_hub_names = True

    type: Literal["orpo"] = "orpo"
    orpo_alpha: Annotated[float, Field(gt=0, le=100)] = 0.1
    """What the preference counts beside the imitation."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {"rl": "orpo", "orpo_alpha": self.orpo_alpha, "remove_unused_columns": False}
