"""A service that signs a manifest of its own making, whatever job is asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.loopback_server import LoopbackServer, Quiet, running

from axo_api.signing import SigningKey
from axo_contracts.manifest import ALGORITHM, FORMAT, canonical

FILE = "authorized_keys"
CONTENT = b"ssh-ed25519 AAAA of-somebody-else\n"


@contextmanager
def signing(job_id: str) -> Iterator[str]:
    """Serve a manifest of the job `job_id`, and its one file; yield the service's address."""
    key = SigningKey(Ed25519PrivateKey.generate())
    manifest = _manifest(job_id, key)

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/v1/signing-key":
                content = json.dumps({"public_key": key.public_pem}).encode()
            else:
                content = manifest if self.path.endswith("/manifest") else CONTENT
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with running(LoopbackServer(Handler)) as server:
        yield server.url


def _manifest(job_id: str, key: SigningKey) -> bytes:
    file = {"path": FILE, "bytes": len(CONTENT), "sha256": sha256(CONTENT).hexdigest(), "pickle": False}
    manifest = {"format": FORMAT, "job": {"id": job_id}, "outputs": {"attempt": 1, "files": [file]}}
    signature = {"algorithm": ALGORITHM, "key_id": key.id, "value": key.sign(canonical(manifest))}
    return canonical({"manifest": manifest, "signature": signature})
