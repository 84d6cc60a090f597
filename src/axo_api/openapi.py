"""`python -m axo_api.openapi [--check] FILE` writes the OpenAPI document, or fails when the file differs from it."""

import json
import sys
from pathlib import Path

from axo_api.app import create_app
from axo_api.drift import write_or_check
from axo_api.settings import Settings


def document() -> str:
    """Return the OpenAPI document as indented JSON."""
    return json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_or_check(document(), Path(sys.argv[-1]), check="--check" in sys.argv, command="python -m axo_api.openapi")
