"""How long a file is kept, as OpenAI's clients ask for it: `expires_after`, from an hour to thirty days."""

from typing import Annotated, Literal

from pydantic import Field

from axo_api.errors import Invalid
from axo_contracts.strict import Strict

SHORTEST_SECONDS = 3600
LONGEST_SECONDS = 30 * 24 * 3600


class ExpiresAfter(Strict):
    """When a file is removed. Left out: when it is deleted."""

    anchor: Literal["created_at"]
    """From when the time counts: from when the file is made."""
    seconds: Annotated[int, Field(ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)]


def checked_lifetime(anchor: str, seconds: str) -> int:
    """Return what the form fields say, in seconds. Raises `Invalid`."""
    if anchor != "created_at":
        raise Invalid(f"expires_after[anchor]: give created_at; got {anchor[:64]!r}.", param="expires_after[anchor]")
    digits = seconds.isascii() and seconds.isdigit() and len(seconds) <= len(str(LONGEST_SECONDS))
    if not digits or not SHORTEST_SECONDS <= int(seconds) <= LONGEST_SECONDS:
        raise Invalid(
            f"expires_after[seconds]: give a whole number from {SHORTEST_SECONDS} to {LONGEST_SECONDS}; "
            f"got {seconds[:64]!r}.",
            param="expires_after[seconds]",
        )
    return int(seconds)
