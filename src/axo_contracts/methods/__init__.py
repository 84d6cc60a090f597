"""The training methods, one file each. A new one: its file, and its name in the union below."""

from typing import Annotated

from pydantic import Field

from axo_contracts.methods.dpo import Dpo
from axo_contracts.methods.sft import Sft

Method = Annotated[Sft | Dpo, Field(discriminator="type")]

__all__ = ["Dpo", "Method", "Sft"]
