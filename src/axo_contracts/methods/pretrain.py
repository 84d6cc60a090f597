"""Continued pretraining: learn the language of plain text."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from axo_contracts.adapters import Adapter
from axo_contracts.format_names import FormatName
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.methods.training_method import LearningRates, TrainingMethod


class Pretrain(TrainingMethod):
    """Continued pretraining. Use it when you have plain text of a language, or a field, that the base model hardly
    knows."""

    formats: ClassVar[tuple[FormatName, ...]] = ("completion",)
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=1e-4, full=1e-5)
    takes_packing = True

    type: Literal["pretrain"] = "pretrain"
    streaming: bool = False
    """Read the text while it trains, instead of preparing all of it first: for data sets that fit on no disk. Needs
    hyperparameters.max_steps, and one data set."""
    pretraining_sample_concatenation: bool = True
    """When it streams: fill each sequence with several texts."""

    @property
    def streams(self) -> bool:
        """Whether the rows are read while it trains, and never all at once."""
        return self.streaming

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        if not self.streaming:
            return {}
        return {"streaming": True, "pretraining_sample_concatenation": self.pretraining_sample_concatenation}

    def problems(self, hyperparameters: Hyperparameters, adapter: Adapter) -> Iterator[str]:
        """Yield why it cannot train so, a sentence each."""
        yield from super().problems(hyperparameters, adapter)
        if self.streaming and hyperparameters.max_steps is None:
            yield "a stream has no known end; give hyperparameters.max_steps"
        if self.streaming and hyperparameters.val_set_size:
            yield "nothing can be held out of a stream; give validation_datasets instead of val_set_size"
