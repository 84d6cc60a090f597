"""How a model answers: fields of every kind of task that lets it."""

from typing import Annotated

from pydantic import Field

from axo_contracts.strict import Strict


class Sampling(Strict):
    """How answers are made, token by token."""

    max_new_tokens: Annotated[int, Field(ge=1, le=131_072)] = 256
    """The longest answer, in tokens."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """0: always the likeliest token. More: more variety."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Of the likeliest tokens, those that together have this share of the probability are chosen from."""
