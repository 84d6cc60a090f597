"""Direct preference optimization: learn to prefer the chosen answer over the rejected one."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from axo_contracts.datasets import ChatFormat
from axo_contracts.strict import Strict


class Dpo(Strict):
    """Direct preference optimization. Use it when you have pairs: a better and a worse answer to the same prompt.

    Rows: `{"messages": […], "chosen": {"role": …, "content": …}, "rejected": {…}}`.
    """

    type: Literal["dpo"] = "dpo"
    row_format: ClassVar = "preference"
    rl_beta: Annotated[float, Field(gt=0, le=100)] = 0.1
    """How far the model may move from where it began: smaller moves further."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {"rl": "dpo", "rl_beta": self.rl_beta}

    def dataset_options(self, row_format: ChatFormat) -> dict[str, Any]:
        """Return how Axolotl reads a data set of `row_format` for this method."""
        return {
            "type": "chat_template.default",
            "field_messages": row_format.field_messages,
            "field_chosen": "chosen",
            "field_rejected": "rejected",
        }
