"""Identifiers: a prefix that says what it names, then a ULID in lower case, so that ids sort by creation time."""

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26

JOB = "ftjob"
FILE = "file"
UPLOAD = "upload"
CHECKPOINT = "ftckpt"
KEY = "key"
PERMISSION = "cp"
CREATE = "create"
PART = "part"
ALIAS = "alias"
WEBHOOK = "wh"
DELIVERY = "evt"


def new_id(prefix: str) -> str:
    """Return `{prefix}-{26 characters}`: 48 bits of milliseconds since 1970, then 80 random bits."""
    return _id(prefix, time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10)))


def first_id(prefix: str, milliseconds: int) -> str:
    """Return what no id that was made at or after that time sorts before. `milliseconds` since 1970."""
    return _id(prefix, milliseconds, 0)


def _id(prefix: str, milliseconds: int, random: int) -> str:
    value = milliseconds << 80 | random
    digits = (_ALPHABET[value >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
    return f"{prefix}-{''.join(digits)}"
