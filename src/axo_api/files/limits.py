"""What the operator has set as the bounds of files."""

from axo_api.files.reading.unpack import UnpackLimits
from axo_api.settings import Settings


def unpack_limits(settings: Settings) -> UnpackLimits:
    """Return what compressed files may grow to."""
    return UnpackLimits(settings.files.max_unpacked_bytes, settings.files.max_unpacked_ratio)
