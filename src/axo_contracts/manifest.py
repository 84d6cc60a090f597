"""The form of a result's manifest: `{"manifest": …, "signature": …}`, in the one spelling that is signed.

The spelling is canonical: UTF-8, keys sorted, no white space, numbers as Python's `json` writes them. What is signed
are the bytes between `{"manifest":` and `,"signature":`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

FORMAT = "axo.manifest.v1"
FILENAME = "manifest.json"
ALGORITHM = "ed25519"


class BadManifest(ValueError):
    """The bytes are no manifest in its canonical spelling."""


def canonical(value: Any) -> bytes:
    """Return JSON in the one spelling that is signed. A number that is not finite is written by its name."""
    spelt = json.dumps(_finite(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return spelt.encode()


def read_manifest(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the manifest in a file, and its signature, which is not checked. Raises `BadManifest`."""
    try:
        document = json.loads(content)
        manifest, signature = document["manifest"], document["signature"]
        is_canonical = canonical(document) == content
    except (ValueError, TypeError, KeyError) as error:
        raise BadManifest(f"it is no manifest ({type(error).__name__}: {error})") from error
    if not is_canonical:
        raise BadManifest("it was changed: its spelling is not the one that was signed")
    if not (isinstance(manifest, dict) and isinstance(signature, dict) and manifest.get("format") == FORMAT):
        raise BadManifest(f"its format is not {FORMAT}")
    return manifest, signature


def _finite(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {name: _finite(part) for name, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
        case _:
            return value
