"""Stands in for the program with the model, in its words: its answers are its process id.

A prompt that is the code of a failure is failed with it.
"""

import json
import os
import sys
from typing import Any, get_args

from axo_contracts.completions import FailureCode


def say(kind: str, **fields: Any) -> None:
    """Tell the desk an event."""
    print(json.dumps({"kind": kind, **fields}), flush=True)


for line in sys.stdin:
    (prompt,) = json.loads(line)["prompts"]
    if prompt in get_args(FailureCode):
        say("failed", code=prompt, message="It was asked to fail.")
    else:
        say("piece", index=0, text=str(os.getpid()), finish_reason="stop")
        say("done", prompt_tokens=1, completion_tokens=1)
