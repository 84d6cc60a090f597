"""Simple preference optimization: DPO without a reference model."""

from typing import Annotated, Any, Literal

from pydantic import Field

from axo_contracts.methods.preference import Beta, PreferenceMethod


class Simpo(PreferenceMethod):
    """Simple preference optimization. Use it in DPO's place when memory is short, or answers grow too long under it."""

    takes_warmup_ratio = False

    type: Literal["simpo"] = "simpo"
    rl_beta: Beta = 2.0
    """How steeply the loss falls with the difference between the two answers."""
    simpo_gamma: Annotated[float, Field(ge=0, le=100)] = 0.5
    """The margin by which the better answer shall lead."""
    cpo_alpha: Annotated[float, Field(ge=0, le=100)] = 0.0
    """What imitating the better answer counts beside it. 0: plain SimPO."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {
            "rl": "simpo",
            "rl_beta": self.rl_beta,
            "simpo_gamma": self.simpo_gamma,
            "cpo_alpha": self.cpo_alpha,
        }
