"""The secret that a key is. It is shown when it is made, and never again: the database has only its hash."""

from hashlib import sha256
from secrets import token_urlsafe

PREFIX = "axo-"
"""How each key begins, so that scanners for leaked secrets can tell it."""

RANDOM_BYTES = 32


def new_secret() -> str:
    """Return a new key: the prefix, and 256 random bits in 43 characters."""
    return PREFIX + token_urlsafe(RANDOM_BYTES)


def hash_of(secret: str) -> str:
    """Return what the database keeps of a key: its SHA-256, as 64 hexadecimal digits.

    Slow, salted hashes protect passwords, which can be guessed. Nobody guesses 256 random bits, however fast the hash
    is, and this one is computed with every request.
    """
    return sha256(secret.encode()).hexdigest()
