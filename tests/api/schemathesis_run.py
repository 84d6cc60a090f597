"""schemathesis, run by its command over the OpenAPI document that a service serves itself."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SEED = 20261122
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
KNOWN_ID_PROBABILITY = 0.7  # the rest of the ids are made up


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run; `text` has each failure with the curl line that shows it again."""

    is_good: bool
    text: str


def run_schemathesis(url: str, key: str, known: dict[str, str], folder: Path, *, seconds: int) -> Verdict:
    """Send made-up requests to a service for about `seconds`, and check each answer against its document.

    Path and query parameters are mostly those of `known`, so that requests get past the look for the object.
    """
    config = folder / "schemathesis.toml"
    config.write_text(_config(known))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{url}/openapi.json"),
        *("--header", f"Authorization:Bearer {key}", "--output-sanitize", "false", "--no-color"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"),
        *("--seed", str(SEED), "--generation-database", "none", "--max-time", str(seconds)),
        *("--continue-on-failure", "--request-timeout", "20", "--warnings", "off"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds + 120, check=False)
    return Verdict(done.returncode == 0, done.stdout + done.stderr)


def _config(known: dict[str, str]) -> str:
    lines = ["max-stream-events = 1", "[cache]", "enabled = false"]
    for name, value in known.items():
        lines += [f"[dictionaries.{name}]", f'values = ["{value}"]']
    lines.append("[parameters]")
    for name in known:
        lines.append(f'"{name}" = {{ dictionary = "{name}", probability = {KNOWN_ID_PROBABILITY} }}')
    return "\n".join(lines) + "\n"
