"""Group reward-decoupled policy optimization: GRPO with each reward normalized by itself."""

from typing import Any, Literal

from axo_contracts.methods.group_relative import GroupRelativeMethod


class Gdpo(GroupRelativeMethod):
    """Group reward-decoupled policy optimization. Use it in GRPO's place with several rewards, so that one with large
    numbers does not drown the others."""

    type: Literal["gdpo"] = "gdpo"

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means.

        Axolotl's `rl: gdpo` is `rl: grpo` with this aggregation, but Axolotl 0.21.0 cannot train an adapter by it.
        """
        options = self._group_relative_options()
        options["trl"]["multi_objective_aggregation"] = "normalize_then_sum"
        return {"rl": "grpo", **options}
