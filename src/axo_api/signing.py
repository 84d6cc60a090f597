"""The service's own key: it signs manifests, for everybody to check, and download URLs, for itself to check."""

import hashlib
import hmac
import stat
from base64 import b64encode
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from axo_api.durable import publish_once
from axo_api.settings import Settings

FOR_URLS = b"axo download urls v1"


class UnusableSigningKey(Exception):
    """The file at `AXO_SIGNING_KEY_FILE` holds no key to sign with."""


class SigningKey:
    """An Ed25519 key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(raw).hexdigest()
        self.public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self._url_secret = hmac.digest(private.private_bytes_raw(), FOR_URLS, "sha256")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the key that the settings name; make it when there is none. Raises `UnusableSigningKey`, `OSError`."""
        path = settings.signing_key_file or settings.storage_root / "signing" / "key.pem"
        if not path.exists():
            publish_once(path, _new_pem(), mode=0o600)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnusableSigningKey(f"{path} is open to others than its owner; mend it with `chmod 600 {path}`.")
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError) as error:
            raise UnusableSigningKey(f"{path} holds no private key in PEM without a password: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise UnusableSigningKey(
                f"{path} holds no Ed25519 key; make one with `openssl genpkey -algorithm ed25519`."
            )
        return cls(private)

    def sign(self, content: bytes) -> str:
        """Return the signature of `content` in base64."""
        return b64encode(self._private.sign(content)).decode()

    def url_code(self, text: str) -> str:
        """Return the code that only this service can make for `text`: an HMAC-SHA256 in hexadecimal."""
        return hmac.digest(self._url_secret, text.encode(), "sha256").hex()


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
