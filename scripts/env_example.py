"""`python scripts/env_example.py [--check] FILE` writes `.env.example` from both sides' settings, or checks it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from axo_api import settings as api
from axo_api.drift import write_or_check
from axo_worker import settings as worker

SIDES = {
    "The control plane: python -m axo_api": api.Settings,
    "A worker: python -m axo_worker": worker.Settings,
}


def content() -> str:
    """Return the text of `.env.example`."""
    lines = ["# Every setting of axo, with its default. Uncomment what you change."]
    for side, settings in SIDES.items():
        lines += ["", f"# ---- {side}", *_lines_of(settings)]
    return "\n".join(lines) + "\n"


def _lines_of(model: type[BaseModel], prefix: str = "AXO_") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _lines_of(field.annotation, f"{prefix}{name.upper()}__")
            continue
        yield f"# {field.description}"
        yield f"#{prefix}{name.upper()}={_text(field)}"


def _text(field: FieldInfo) -> str:
    """Return a default as the environment spells it; one that this machine decides is left empty."""
    value: Any = None if field.default_factory else field.default
    return "" if value is None else to_json(value).decode().strip('"')


if __name__ == "__main__":
    write_or_check(content(), Path(sys.argv[-1]), check="--check" in sys.argv, command="python scripts/env_example.py")
