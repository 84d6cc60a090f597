"""What a catalogue file holds."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from axo_contracts.strict import Line


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class BaseModelEntry(_Entry):
    """A base model that is known to train well."""

    id: Line
    """Its name on the Hugging Face Hub, as a spec's base_model has it."""
    architecture: Line
    """The class of transformers that loads it."""
    parameters: Annotated[int, Field(gt=0)]
    """How many weights it has."""
    context: Annotated[int, Field(gt=0)]
    """The longest text that it takes, in tokens."""
    chat_template: Line | None
    """The format of its turns, as Axolotl names it; null for a model that brings none."""
    licence: Line
    """What it may be used under."""
    lora_targets: tuple[Line, ...]
    """The modules that a LoRA adapter sensibly adapts."""
    released: date | None = None
    """When its weights were published."""

    @property
    def bytes(self) -> int:
        """What its weights take in 16 bits."""
        return 2 * self.parameters


class Preset(_Entry):
    """Values for what a request leaves out. Fields that the request gives go before them."""

    description: Line
    """When to use it, in one sentence."""
    hyperparameters: dict[str, Any] = {}
    """Fields of a spec's hyperparameters."""
    adapter: dict[str, Any] = {}
    """Fields of a spec's adapter; of another type of adapter than the request's, those that it has too."""


class CatalogueFile(_Entry):
    """One YAML file."""

    models: tuple[BaseModelEntry, ...] = ()
    presets: dict[Line, Preset] = {}
