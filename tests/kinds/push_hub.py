"""A hub on loopback that takes pushes as the Hugging Face Hub does: repositories, Git LFS, commits of all or none."""

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from tests.loopback_server import LoopbackServer, Quiet

TOKEN = "hf_of_the_worker"
LFS_FROM_BYTES = 1000  # a hub decides by size, and by what the first bytes look like


@dataclass
class Repository:
    """What was committed, newest last: all files by their names."""

    private: bool
    commits: list[dict[str, bytes]] = field(default_factory=lambda: [{}])

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1]


class PushHub(LoopbackServer):
    """Has repositories in `repositories`, and whatever was uploaded for them, committed or not, in `objects`.

    What is uploaded may be spoilt on its way: `spoil` is given each object, and returns what is kept of it.
    """

    def __init__(self) -> None:
        super().__init__(_Answer)
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.spoil = bytes
        self.holds_uploads = threading.Event()
        self.uploading = threading.Event()


class _Refusal(Exception):
    def __init__(self, status: int, message: str, **said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class _Answer(Quiet, BaseHTTPRequestHandler):
    server: PushHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def _answer(self, act: Any) -> None:
        body = self._body()
        try:
            if not self.path.startswith("/lfs/"):
                self._check_token()
            status, answer = 200, act(body)
        except _Refusal as refusal:
            told = {"error": str(refusal), "errors": [{"message": str(refusal)}]}
            status, answer = refusal.status, told | refusal.said
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status >= 400:
            self.send_header("X-Error-Message", str(answer["error"]))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.path.startswith("/lfs/"):
            self.server.uploading.set()
            while self.server.holds_uploads.is_set() and not self.server.ending.wait(0.01):
                pass
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _check_token(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.server.tokens.add(token)
        if token != TOKEN:
            raise _Refusal(401, "Invalid credentials in Authorization header")

    def _get(self, _: bytes) -> Any:
        name = self.path.partition("?")[0].removeprefix("/api/models/").partition("/revision/")[0]
        repository = self._repository(name)
        siblings = [{"rfilename": path} for path in repository.files]
        return {"id": name, "private": repository.private, "sha": _oid(repository, -1), "siblings": siblings}

    def _put(self, body: bytes) -> Any:
        self.server.objects[self.path.removeprefix("/lfs/")] = self.server.spoil(body)
        return {}

    def _post(self, body: bytes) -> Any:
        match self.path.split("/")[1:]:
            case ["api", "repos", "create"]:
                return self._create(json.loads(body))
            case ["api", "validate-yaml"]:
                return _validated(json.loads(body)["content"])
            case ["api", "models", owner, name, "preupload", _]:
                return self._modes(self._repository(f"{owner}/{name}"), json.loads(body))
            case ["api", "models", owner, name, "commit", _]:
                return self._commit(f"{owner}/{name}", body)
            case ["api", "models", owner, name, "paths-info", _]:
                return self._paths(self._repository(f"{owner}/{name}"), parse_qs(body.decode())["paths"])
            case [_, _, "info", "lfs", "objects", "batch"]:
                return self._batch(json.loads(body))
            case ["lfs", "verify"]:
                return self._verify(json.loads(body))
        raise _Refusal(404, f"there is no POST {self.path}")

    def _create(self, wanted: dict[str, Any]) -> Any:
        name = f"{wanted['organization']}/{wanted['name']}"
        if wanted["organization"] == "others":
            raise _Refusal(403, "You don't have the rights to create a model under the namespace others")
        if name in self.server.repositories:
            raise _Refusal(409, "You already created this model repo", url=f"{self.server.url}/{name}")
        self.server.repositories[name] = Repository(private=wanted.get("visibility") == "private")
        return {"url": f"{self.server.url}/{name}", "name": name}

    def _modes(self, repository: Repository, wanted: dict[str, Any]) -> Any:
        def described(file: dict[str, Any]) -> dict[str, Any]:
            there = repository.files.get(file["path"])
            is_large = file["size"] >= LFS_FROM_BYTES
            mode = "lfs" if is_large else "regular"
            return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": _file_oid(there)}

        return {"files": [described(file) for file in wanted["files"]]}

    def _batch(self, wanted: dict[str, Any]) -> Any:
        def action(one: dict[str, Any]) -> dict[str, Any]:
            if one["oid"] in self.server.objects:
                return one
            upload, verify = f"{self.server.url}/lfs/{one['oid']}", f"{self.server.url}/lfs/verify"
            return {**one, "actions": {"upload": {"href": upload}, "verify": {"href": verify}}}

        return {"transfer": "basic", "objects": [action(one) for one in wanted["objects"]]}

    def _verify(self, wanted: dict[str, Any]) -> Any:
        if len(self.server.objects[wanted["oid"]]) != wanted["size"]:
            raise _Refusal(400, "the object has another size")
        return {}

    def _commit(self, name: str, body: bytes) -> Any:
        repository = self._repository(name)
        files = dict(repository.files)
        for line in body.splitlines():
            match json.loads(line):
                case {"key": "file", "value": {"path": path, "content": content}}:
                    files[path] = base64.b64decode(content)
                case {"key": "lfsFile", "value": {"path": path, "oid": oid}}:
                    files[path] = self.server.objects[oid]
        repository.commits.append(files)
        oid = _oid(repository, -1)
        return {"success": True, "commitOid": oid, "commitUrl": f"{self.server.url}/{name}/commit/{oid}"}

    def _paths(self, repository: Repository, paths: list[str]) -> Any:
        return [_shown(path, repository.files[path]) for path in paths if path in repository.files]

    def _repository(self, name: str) -> Repository:
        if name not in self.server.repositories:
            raise _Refusal(404, "Repository not found")
        return self.server.repositories[name]


def _validated(card: str) -> Any:
    if "base_model: /" in card or "base_model: ." in card:
        raise _Refusal(400, '"base_model" is not valid. Use a model id from https://hf.co/models.')
    return {"errors": [], "warnings": []}


def _oid(repository: Repository, index: int) -> str:
    number = len(repository.commits) + index
    return hashlib.sha1(str(number).encode()).hexdigest()


def _shown(path: str, content: bytes) -> dict[str, Any]:
    shown = {"type": "file", "path": path, "size": len(content), "oid": _git_oid(content)}
    if len(content) >= LFS_FROM_BYTES:
        shown["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return shown


def _file_oid(content: bytes | None) -> str | None:
    if content is None:
        return None
    return hashlib.sha256(content).hexdigest() if len(content) >= LFS_FROM_BYTES else _git_oid(content)


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
