"""Identity preference optimization: DPO with a loss that does not run away."""

from typing import Any, Literal

from axo_contracts.methods.preference import ReferencedPreference


class Ipo(ReferencedPreference):
    """Identity preference optimization. Use it in DPO's place when few pairs, or very clear ones, make DPO overfit."""

    type: Literal["ipo"] = "ipo"

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {"rl": "ipo", **self._reference_options()}
