"""What the methods have in common that learn from pairs of a better and a worse answer."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from axo_contracts.format_names import FormatName
from axo_contracts.methods.training_method import LearningRates, TrainingMethod

Beta = Annotated[float, Field(gt=0, le=100)]


class PreferenceMethod(TrainingMethod):
    """Learns from pairs."""

    formats: ClassVar[tuple[FormatName, ...]] = (
        "preference",
        "preference_conversations",
        "preference_text",
        "preference_openai",
    )
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=2e-5, full=1e-6)
    keeps_hub_names = False


class ReferencedPreference(PreferenceMethod):
    """Learns from pairs, and is held near the model that it began as."""

    rl_beta: Beta = 0.1
    """How firmly the model is held near where it began: smaller lets it move further."""
    dpo_use_weighting: bool = False
    """Weigh each pair by how likely the model itself is to write it (WPO)."""
    dpo_ld_alpha: Annotated[float, Field(ge=0, le=1)] | None = None
    """What tokens count that a response has beyond the length of the shorter of its pair (LD-DPO), from 0, nothing, to
    1, as much as all others. Left out: 1. Less keeps answers from growing long."""
    precompute_ref_log_probs: bool = False
    """Compute what the first model says of all rows before the training, instead of beside it: less memory."""

    def _reference_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"rl_beta": self.rl_beta}
        if self.dpo_use_weighting:
            options["dpo_use_weighting"] = True
        if self.dpo_ld_alpha is not None:
            options["dpo_ld_alpha"] = self.dpo_ld_alpha
        if self.precompute_ref_log_probs:
            options["precompute_ref_log_probs"] = True
        return options
