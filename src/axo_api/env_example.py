"""`python -m axo_api.env_example [--check] FILE` writes the control plane's part of `.env.example`, or checks it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from axo_api.drift import write_or_check
from axo_api.settings import Settings


def lines_of(model: type[BaseModel], prefix: str = "AXO_") -> Iterator[str]:
    """Yield for each setting a comment with its docstring and a line with its default, commented out."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from lines_of(field.annotation, f"{prefix}{name.upper()}__")
            continue
        yield f"# {field.description}"
        yield f"#{prefix}{name.upper()}={_text(field.get_default(call_default_factory=True))}"


def _text(value: Any) -> str:
    return "" if value is None else to_json(value).decode().strip('"')


if __name__ == "__main__":
    heading = ["# The control plane (python -m axo_api). Each line is a default; uncomment what you change."]
    content = "\n".join([*heading, *lines_of(Settings)]) + "\n"
    write_or_check(content, Path(sys.argv[-1]), check="--check" in sys.argv, command="python -m axo_api.env_example")
