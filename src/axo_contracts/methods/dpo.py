"""Direct preference optimization: learn to prefer the chosen answer over the rejected one."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.methods.preference import ReferencedPreference

LossType = Literal[
    "sigmoid",
    "hinge",
    "ipo",
    "exo_pair",
    "nca_pair",
    "robust",
    "bco_pair",
    "sppo_hard",
    "aot",
    "aot_unpaired",
    "apo_zero",
    "apo_down",
    "discopop",
    "sft",
    "sigmoid_norm",
]


class Dpo(ReferencedPreference):
    """Direct preference optimization. Use it when you have pairs: a better and a worse answer to the same prompt."""

    type: Literal["dpo"] = "dpo"
    dpo_loss_type: Annotated[tuple[LossType, ...], Field(min_length=1, max_length=15)] = ("sigmoid",)
    """The loss, or several that are summed."""
    dpo_loss_weights: Annotated[tuple[Annotated[float, Field(ge=0, le=1000)], ...], Field(max_length=15)] | None = None
    """What each loss counts in the sum. Left out: 1 each."""
    dpo_label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """How likely a pair is the wrong way round; the losses robust and exo_pair allow for it."""

    @model_validator(mode="after")
    def _a_weight_a_loss(self) -> Self:
        if self.dpo_loss_weights is not None and len(self.dpo_loss_weights) != len(self.dpo_loss_type):
            raise ValueError("dpo_loss_weights has not as many numbers as dpo_loss_type has losses; give one for each")
        return self

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        options = {"rl": "dpo", **self._reference_options(), "dpo_loss_type": list(self.dpo_loss_type)}
        if self.dpo_loss_weights is not None:
            options["dpo_loss_weights"] = list(self.dpo_loss_weights)
        if self.dpo_label_smoothing:
            options["dpo_label_smoothing"] = self.dpo_label_smoothing
        return options
