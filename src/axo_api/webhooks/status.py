"""Where a delivery is."""

from enum import StrEnum


class DeliveryStatus(StrEnum):
    """Where a delivery is."""

    PENDING = "pending"  # waits for an attempt, the first or another
    DELIVERED = "delivered"
    FAILED = "failed"  # nobody took it in time, or its endpoint was disabled
