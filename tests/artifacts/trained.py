"""A job that has succeeded, and the command line beside it."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.stack.embedded import EmbeddedStack

LARGE = "model-large.safetensors"
PICKLE = "training_args.bin"
SERVED = {"adapter_model.safetensors", LARGE, "empty.txt", "tokenizer/größe & more.json"}


@dataclass(frozen=True, slots=True)
class Trained:
    """A job of a running stack, and where its outputs lie."""

    stack: EmbeddedStack
    job: dict[str, Any]
    outputs: Path

    @classmethod
    def on(cls, stack: EmbeddedStack) -> Self:
        """Train on a stack."""
        job = stack.wait_for_end(stack.submit(max_steps=5, name="to-be-pulled"), 120)
        assert job["status"] == "succeeded", job
        return cls(stack, job, stack.storage / job["result"]["path"])

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.job["id"])

    def manifest(self) -> bytes:
        """Return the signed manifest, byte for byte."""
        answer = self.stack.http.get(f"/v1/jobs/{self.id}/manifest")
        assert answer.status_code == 200, answer.text
        return answer.content

    def axo(
        self, *arguments: str | Path, url: str | None = None, file_size_limit: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end. No file of it may grow over `file_size_limit` bytes."""
        limit = ["prlimit", f"--fsize={file_size_limit}"] if file_size_limit else []
        command = [*limit, sys.executable, "-m", "axo_cli", *map(str, arguments), "--url", url or self.stack.url]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def files_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, by its path within it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
