"""A result as its manifest says, once the manifest's signature was found to hold."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from axo_cli.api import Api
from axo_cli.errors import CliError, UsageError
from axo_contracts.manifest import BadManifest, canonical, read_manifest
from axo_contracts.meant_job import WHOLE_ID


class NotGenuine(CliError):
    """A manifest is not as the service has signed it, or not of the result that was asked for."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of a result; a pickle may run code when it is loaded, and is not served."""

    path: str
    bytes: int
    sha256: str
    pickle: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A result. `content` is its manifest byte for byte, which the key `key_id` has signed."""

    content: bytes
    key_id: str
    job_id: str
    attempt: int
    files: Sequence[ResultFile]

    @property
    def served(self) -> list[ResultFile]:
        """The files that are there to be downloaded."""
        return [file for file in self.files if not file.pickle]


def manifest_path(job_id: str) -> str:
    """Return where the manifest of a job is asked for."""
    return f"/v1/jobs/{job_id}/manifest"


def trusted_key(api: Api, pinned: Path | None) -> Ed25519PublicKey:
    """Return the public key in the file `pinned`, or else the one that the service says is its own."""
    pem = pinned.read_bytes() if pinned else str(api.get("/v1/signing-key")["public_key"]).encode()
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise UsageError(f"{pinned or api.url} has no public key in PEM: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{pinned or api.url} has a public key that is not Ed25519.")
    return key


def read_result(content: bytes, key: Ed25519PublicKey, *, of: str | None) -> Result:
    """Return the result that a manifest is of: that of the job `of`, or of any when that is None.

    Raises `NotGenuine` unless `key` has signed it as it is, and for that job.
    """
    key_id = sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
    try:
        manifest, signature = read_manifest(content)
        if signature["key_id"] != key_id:
            raise NotGenuine(f"The manifest was signed by another key ({signature['key_id']}, not {key_id}).")
        key.verify(b64decode(signature["value"], validate=True), canonical(manifest))
        job_id, outputs = _job_id(manifest["job"]["id"], of), manifest["outputs"]
        return Result(content, key_id, job_id, outputs["attempt"], [*map(_file, outputs["files"])])
    except InvalidSignature:
        raise NotGenuine("The manifest is not as it was signed: its signature does not hold.") from None
    except (BadManifest, KeyError, TypeError, ValueError) as error:
        raise NotGenuine(f"The manifest is not as it was signed: {error}.") from error


def _job_id(found: str, wanted: str | None) -> str:
    """Return the id that a manifest gives, which is a folder's name where the result is taken to."""
    if not WHOLE_ID.fullmatch(found):
        raise NotGenuine(f"The manifest is of no job: {found!r} is not a job's id.")
    if wanted not in (None, found):
        raise NotGenuine(f"The manifest is of another job: {found}, not {wanted}.")
    return found


def _file(entry: dict[str, Any]) -> ResultFile:
    path = PurePosixPath(entry["path"])
    if path.is_absolute() or ".." in path.parts:
        raise NotGenuine(f"The manifest names a file outside of the result: {path}.")
    return ResultFile(entry["path"], entry["bytes"], entry["sha256"], entry["pickle"])
