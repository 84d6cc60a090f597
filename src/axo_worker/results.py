"""Whether a training left a result that can be read: a file with the right name proves nothing."""

import json
import struct
from pathlib import Path

_LONGEST_HEADER_BYTES = 100_000_000  # the format's own limit


def missing_result(outputs: Path, *, is_adapter: bool) -> str | None:
    """Return what is wrong with the trained weights in `outputs`, or None when they are there and readable."""
    name = "adapter_model" if is_adapter else "model"
    index = outputs / f"{name}.safetensors.index.json"
    try:
        names = (
            set(json.loads(index.read_bytes())["weight_map"].values()) if index.is_file() else {f"{name}.safetensors"}
        )
        for file in sorted(names):
            _read_header(outputs / file)
    except FileNotFoundError as error:
        return f"{Path(str(error.filename)).name} was not written"
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        return f"the weights can't be read: {error}"
    return None


def _read_header(path: Path) -> None:
    """Read what safetensors says about itself. Raises ValueError when the file is cut short or damaged."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST_HEADER_BYTES:
            raise ValueError(f"{path.name} is no safetensors file")
        header = json.loads(file.read(length))
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    if not ends:
        raise ValueError(f"{path.name} holds no weights")
    if path.stat().st_size != 8 + length + max(ends):
        raise ValueError(f"{path.name} is cut short")
