"""One file of a trainer's as an answer. The trainer may still be at work, and change what lies at its place."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from starlette.types import Receive, Scope, Send

from axo_api.downloads import Download, Removed
from axo_api.opening import open_regular


class ArtifactDownload(Download):
    """Sends a file below a root. Raises `Removed` when it is gone, or only a link leads there by now."""

    def __init__(self, path: Path, root: Path, headers: Mapping[str, str]) -> None:
        super().__init__(path, filename=path.name, media_type="application/octet-stream", headers=headers)
        self._place, self._root = path, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            file = await asyncio.to_thread(open_regular, self._place, self._root)
        except OSError:
            raise Removed from None
        with file:
            self.path = f"/dev/fd/{file.fileno()}"  # this very file, whatever has its name when it is read
            await super().__call__(scope, receive, send)
