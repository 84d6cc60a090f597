"""Chains: jobs that follow when the one before has succeeded, and the kinds whose result others can follow."""

from typing import Annotated

from pydantic import Field

from axo_contracts.tasks.evaluate import EvaluateSpec
from axo_contracts.tasks.export import ExportSpec
from axo_contracts.tasks.generate import GenerateSpec
from axo_contracts.tasks.merge import MergeLink
from axo_contracts.tasks.quantize import QuantizeLink
from axo_contracts.tasks.score import ScoreSpec

Link = Annotated[
    MergeLink | QuantizeLink | ExportSpec | EvaluateSpec | GenerateSpec | ScoreSpec, Field(discriminator="kind")
]
"""A job of a chain: a task like any other, but its `model` may be left out, and it has no chain of its own."""

Then = Annotated[tuple[Link, ...], Field(max_length=16)]
"""What follows, each when the one before it has succeeded."""


class MergeSpec(MergeLink):
    """Add an adapter's weights to those of its base model. The result is a model of its own, as safetensors."""

    then: Then = ()
    """Jobs that follow when this one has succeeded, each behind the one before it."""


class QuantizeSpec(QuantizeLink):
    """Keep a whole model's weights in 4 bits, and let it compute with activations of 8. The result is a model."""

    then: Then = ()
    """Jobs that follow when this one has succeeded, each behind the one before it."""
