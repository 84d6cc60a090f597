"""Kahneman-Tversky optimization: learn from single answers that are good or bad."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from axo_contracts.adapters import Adapter
from axo_contracts.format_names import FormatName
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.methods.preference import Beta
from axo_contracts.methods.training_method import LearningRates, TrainingMethod

Weight = Annotated[float, Field(gt=0, le=1000)]


class Kto(TrainingMethod):
    """Kahneman-Tversky optimization. Use it when people have marked single answers as good or bad, without pairs."""

    formats: ClassVar[tuple[FormatName, ...]] = ("kto",)
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=2e-5, full=1e-6)
    keeps_hub_names = False

    type: Literal["kto"] = "kto"
    rl_beta: Beta = 0.1
    """How firmly the model is held near where it began: smaller lets it move further."""
    kto_desirable_weight: Weight = 1.0
    """What a good answer counts. With far more bad ones than good ones, raise it towards their ratio."""
    kto_undesirable_weight: Weight = 1.0
    """What a bad answer counts."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        return {
            "rl": "kto",
            "rl_beta": self.rl_beta,
            "kto_desirable_weight": self.kto_desirable_weight,
            "kto_undesirable_weight": self.kto_undesirable_weight,
            "remove_unused_columns": False,
        }

    def problems(self, hyperparameters: Hyperparameters, adapter: Adapter) -> Iterator[str]:
        """Yield why it cannot train so, a sentence each."""
        yield from super().problems(hyperparameters, adapter)
        if hyperparameters.micro_batch_size < 2:
            yield "it compares the rows of a batch with each other; give hyperparameters.micro_batch_size of 2 or more"
