"""URLs that download one file without a key, until they expire: what they permit is in them, and signed."""

import hmac
import re
from datetime import datetime
from urllib.parse import quote, urlencode

from starlette.requests import Request

from axo_api.callers import Caller
from axo_api.clock import now
from axo_api.errors import ApiError
from axo_api.signing import SigningKey
from axo_contracts.keys import Scope

DOWNLOAD = re.compile(r"/v1/jobs/[^/]+/artifacts/\d+/.+", re.DOTALL)
"""The paths that such a URL may have."""


class InvalidSignature(ApiError):
    """The URL is not as this service has signed it."""

    status = 403
    code = "invalid_signature"


class SignatureExpired(ApiError):
    """The time of the URL is over."""

    status = 403
    code = "signature_expired"


def signed(base_url: str, path: str, *, owner: str, expires_at: datetime, key: SigningKey) -> str:
    """Return a URL that downloads the file at `path`, which is `owner`'s, until `expires_at`."""
    until = str(int(expires_at.timestamp()))
    query = {"expires": until, "owner": owner, "signature": key.url_code(_text(path, owner, until))}
    return f"{base_url.rstrip('/')}{quote(path)}?{urlencode(query)}"


def caller_by_url(request: Request, key: SigningKey) -> Caller | None:
    """Return whom a signed URL stands for: its owner, reading. None: the URL is not such a one.

    Raises `InvalidSignature`, and `SignatureExpired`.
    """
    given = request.query_params.get("signature")
    path: str = request.scope["path"]
    if given is None or request.method not in {"GET", "HEAD"} or DOWNLOAD.fullmatch(path) is None:
        return None
    owner, until = (request.query_params.get(name, "") for name in ("owner", "expires"))
    if not hmac.compare_digest(given.encode(), key.url_code(_text(path, owner, until)).encode()):
        raise InvalidSignature(
            "This URL is not as it was signed: something in its path, expires, owner or signature was changed, or the "
            "service has another key by now. Ask for a new one with POST …/artifacts/{attempt}/{path}/url."
        )
    if int(until) <= now().timestamp():
        raise SignatureExpired("This URL has expired; ask for a new one with POST …/artifacts/{attempt}/{path}/url.")
    return Caller(owner=owner, scopes=frozenset({Scope.READ}), organization=owner, project="default")


def _text(path: str, owner: str, until: str) -> str:
    return f"{until}\n{owner}\n{path}"
