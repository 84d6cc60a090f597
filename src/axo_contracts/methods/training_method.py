"""What every training method says of itself. A method is a subclass in a file of its own."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from axo_contracts.adapters import Adapter
from axo_contracts.format_names import FormatName
from axo_contracts.formats import RowFormat, format_of
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.strict import Strict


class LearningRates(NamedTuple):
    """The peak learning rates that suit a method when none is given."""

    adapter: float
    full: float


class TrainingMethod(Strict):
    """One way to train: its fields are Axolotl's options, by Axolotl's names."""

    formats: ClassVar[tuple[FormatName, ...]]
    """The row formats that suit it; the first is what it expects when nothing is said or known."""
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=2e-4, full=2e-5)
    takes_packing: ClassVar[bool] = False
    """Whether several rows may share a sequence."""
    takes_warmup_ratio: ClassVar[bool] = True

    head: ClassVar[tuple[str, ...]] = ()
    """New modules on the base model that an adapter must leave to be trained in full."""
    keeps_hub_names: ClassVar[bool] = True
    """Whether Axolotl heeds which configuration of a data set on the hub was named."""

    @property
    def needs_gpu(self) -> bool:
        """Whether it cannot train on a CPU."""
        return False

    @property
    def streams(self) -> bool:
        """Whether the rows are read while it trains, and never all at once."""
        return False

    @abstractmethod
    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""

    def dataset_options(self, row_format: RowFormat) -> dict[str, Any]:
        """Return how Axolotl reads rows of `row_format` for this method."""
        return row_format.axolotl_options()

    def plugin_options(self) -> dict[str, Any]:
        """Return what only our plugin in the trainer reads."""
        return {}

    def needs_unsafe_code(self) -> list[str]:
        """Return the paths of the fields, from the method's own on, that have the trainer run a client's code."""
        return []

    def problems(self, hyperparameters: Hyperparameters, adapter: Adapter) -> Iterator[str]:
        """Yield why it cannot train so, a sentence each."""
        if hyperparameters.sample_packing and not self.takes_packing:
            yield "it cannot train with hyperparameters.sample_packing; leave that out"
        if hyperparameters.warmup_ratio and not self.takes_warmup_ratio:
            yield "it takes no hyperparameters.warmup_ratio; give warmup_steps"

    def format_for(self, row_format: RowFormat | None) -> RowFormat:
        """Return the format to read rows by, where `row_format` was asked for."""
        return row_format or format_of(self.formats[0])
