"""Unpacking inputs: what was uploaded as .gz or .zst reaches the trainer as plain rows."""

import gzip
import shutil
from pathlib import Path

from backports import zstd

from axo_contracts.wrappings import Compression


def unpack(source: Path, target: Path, compression: Compression) -> None:
    """Write to `target` what `source` holds. Raises `OSError`. The service has checked that it ends."""
    reader = gzip.GzipFile if compression == "gzip" else zstd.ZstdFile
    with reader(source) as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1024 * 1024)
