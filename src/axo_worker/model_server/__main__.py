"""Serve until the input ends. `OPTIONS` is JSON: `bf16`, `fp16`, `attn_implementation`, `most_adapters`."""

import json
import os
import signal
import sys
from typing import Any

from axo_trainer_helper.processes import die_with_parent, yield_to_training

from .inbox import Inbox


def main(parent_pid: int, options: dict[str, Any]) -> None:
    """Take completions one by one, for as long as the parent lives."""
    die_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is not for us
    yield_to_training()
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print goes to the worker's log

    def say(kind: str, **fields: Any) -> None:
        output.write(json.dumps({"kind": kind, **fields}, allow_nan=False).encode() + b"\n")

    inbox = Inbox(sys.stdin.fileno())
    inbox.start()
    from .server import Server  # seconds of imports, during which the input is read

    server = Server(options, say, inbox.is_cancelled)
    while True:
        server.serve(inbox.next())


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
