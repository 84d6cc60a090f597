"""Signatures as https://www.standardwebhooks.com specifies them, with symmetric secrets."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes

PREFIX = "whsec_"
RANDOM_BYTES = 32


def new_secret() -> str:
    """Return a new secret: `whsec_`, and 256 random bits in base 64."""
    return PREFIX + b64encode(token_bytes(RANDOM_BYTES)).decode()


def signed_headers(message_id: str, body: str, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers that let a receiver verify `body`; with two secrets, with either of them."""
    timestamp = int(at.timestamp())
    content = f"{message_id}.{timestamp}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(content, secret)}" for secret in secrets),
    }


def _signature(content: bytes, secret: str) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(hmac.digest(key, content, sha256)).decode()
