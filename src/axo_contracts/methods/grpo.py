"""Group relative policy optimization: learn from rewards on the model's own answers."""

from typing import Any, Literal

from axo_contracts.methods.group_relative import GroupRelativeMethod


class Grpo(GroupRelativeMethod):
    """Group relative policy optimization. Use it when answers can be checked (a result, a form, a test) but good ones
    are not written down."""

    type: Literal["grpo"] = "grpo"

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {"rl": "grpo", **self._group_relative_options()}
