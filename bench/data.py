"""Checking a large file of chats, in one process and over HTTP, beside what else reads such a file."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from http.client import HTTPResponse
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import msgspec

from bench.figures import Figure, Target
from bench.processes import ServerProcess, serving

FILE_BYTES = int(os.environ.get("AXO_BENCH_FILE_BYTES", "1000000000"))
ROUNDS = 3
LEAST_CHECKED = 400.0
LEAST_UPLOADED = 200.0
MOST_MEMORY = 100.0
PROGRAMS = Path(__file__).parent / "programs"


class _Run(NamedTuple):
    rate: float  # MB/s
    memory: float  # MB, where the program says


def run(folder: Path) -> list[Figure]:
    """Read the same file with each program in turns, and upload it in turns with them."""
    path = folder / "chats.jsonl"
    _write_chats(path)
    commands = {
        "wc -l": ["wc", "-l", str(path)],
        "sha256sum": ["sha256sum", str(path)],
        "json": [sys.executable, str(PROGRAMS / "plain_json.py"), str(path)],
        "check": [sys.executable, str(PROGRAMS / "check.py"), str(path)],
    }
    if trainer := os.environ.get("AXO_TRAINER_PYTHON"):
        commands["datasets"] = [trainer, str(PROGRAMS / "load_dataset.py"), str(path), str(folder / "cache")]
    runs: dict[str, list[_Run]] = {name: [] for name in (*commands, "upload")}
    with _api(folder) as server:
        for _ in range(ROUNDS):
            for name, command in commands.items():
                runs[name].append(_read(command, path.stat().st_size))
                shutil.rmtree(folder / "cache", ignore_errors=True)
            runs["upload"].append(_upload(server, path))
    return _figures(runs)


def _figures(runs: dict[str, list[_Run]]) -> list[Figure]:
    rates = {name: [run.rate for run in of] for name, of in runs.items()}
    memory = {name: [run.memory for run in of] for name, of in runs.items()}
    beside = [name for name in ("wc -l", "sha256sum", "json", "datasets") if name in runs]
    checked, uploaded = median(rates["check"]), median(rates["upload"])
    targets = {
        "check": Target(f"≥ {LEAST_CHECKED:g} MB/s", checked >= LEAST_CHECKED),
        "upload": Target(f"≥ {LEAST_UPLOADED:g} MB/s", uploaded >= LEAST_UPLOADED),
    }
    figures = []
    for name, title in (("check", "check chats, one process"), ("upload", "upload chats over HTTP")):
        for number, limit in enumerate(beside):
            figures.append(
                Figure.of(
                    "  the same" if number else title,
                    rates[name],
                    limit,
                    rates[limit],
                    unit="MB/s",
                    target=None if number else targets[name],
                )
            )
    largest = max(memory["check"])
    target = Target(f"≤ {MOST_MEMORY:g} MB", largest <= MOST_MEMORY)
    other = "datasets" if "datasets" in runs else "json"
    return [*figures, Figure.of("check, peak memory", memory["check"], other, memory[other], unit="MB", target=target)]


def _read(command: list[str], size: int) -> _Run:
    """Run a program on the file. Those in Python say how long they took, without their start, and their memory."""
    began = time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True).stdout
    seconds, memory = time.perf_counter() - began, 0.0
    if command[0] not in {"wc", "sha256sum"}:
        seconds, memory = msgspec.json.decode(said.splitlines()[-1], type=tuple[float, float])
    return _Run(size / 1e6 / seconds, memory)


def _upload(server: ServerProcess, path: Path) -> _Run:
    size = path.stat().st_size
    head = f"PUT /v1/files?filename=chats.jsonl HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {size}\r\n\r\n"
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port), timeout=300) as connection, path.open("rb") as file:
        connection.sendall(head.encode())
        connection.sendfile(file)
        answer = HTTPResponse(connection)
        answer.begin()
        made = msgspec.json.decode(answer.read())
    seconds = time.perf_counter() - began
    httpx.delete(f"{server.url}/v1/files/{made['id']}").raise_for_status()
    return _Run(size / 1e6 / seconds, 0.0)


def _api(folder: Path) -> AbstractContextManager[ServerProcess]:
    settings = {
        "AXO_DATABASE_URL": f"sqlite:///{folder}/axo.db",
        "AXO_STORAGE_ROOT": str(folder / "storage"),
        "AXO_REDIS_URL": f"unix://{folder}/no-redis.sock",
        "AXO_RUN_CONTROL_LOOP": "false",
    }
    return serving("axo_api", environment=settings, ready="/healthz", log=folder / "api.log")


def _write_chats(path: Path) -> None:
    """Write conversations of one to three exchanges, 2 KB a row; a third of the rows has letters outside of ASCII."""
    chosen = random.Random(17)
    words = ["".join(chosen.choices("abcdefghijklmnopqrstuvwxyz", k=chosen.randint(2, 9))) for _ in range(3000)]
    with path.open("wb") as file:
        while file.tell() < FILE_BYTES:
            file.write(b"".join(msgspec.json.encode(_chat(chosen, words)) + b"\n" for _ in range(500)))


def _chat(chosen: random.Random, words: list[str]) -> dict[str, list[dict[str, str]]]:
    messages = []
    for _ in range(chosen.choice([1, 1, 1, 2, 3])):
        question = " ".join(chosen.choices(words, k=chosen.randint(10, 60)))
        answer = "\n".join(" ".join(chosen.choices(words, k=20)) for _ in range(chosen.randint(2, 15)))
        if chosen.random() < 0.25:
            answer += ' – "naïve"'
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"messages": messages}
