"""What the config's section `axo` says.

Axolotl drops it, as all that it does not know, and calls what needs it without it: so it is kept here.
"""

from typing import Any

_section: dict[str, Any] = {}


def keep(section: dict[str, Any]) -> None:
    """Keep the section of the config that this process trains by."""
    _section.clear()
    _section.update(section)


def field(option: str, usual: str) -> str:
    """Return how the rows name a field: as `option` says, or as usual."""
    name: str = _section.get("fields", {}).get(option, usual)
    return name


def reward(name: str) -> dict[str, Any] | None:
    """Return what the reward called `name` is, or None when there is none."""
    found: dict[str, Any] | None = _section.get("rewards", {}).get(name)
    return found
