"""Prints the id, the tags and the global steps of an offline W&B run: FILE.

Its records are wandb's own protocol buffers, framed as LevelDB's log is: blocks, and records in up to several pieces.
"""

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

BLOCK, HEADER, IDENTITY = 32768, 7, b":W&B"
WHOLE, LAST = 1, 4


def records(content: bytes) -> Iterator[Record]:
    """Yield the whole records; a trainer that was killed may leave a part of one."""
    assert content.startswith(IDENTITY)
    at, piece = HEADER, b""
    while at + HEADER <= len(content):
        if BLOCK - at % BLOCK < HEADER:
            at += BLOCK - at % BLOCK
            continue
        length, kind = struct.unpack_from("<HB", content, at + 4)
        if kind == 0 or at + HEADER + length > len(content):
            return
        piece += content[at + HEADER : at + HEADER + length]
        at += HEADER + length
        if kind in (WHOLE, LAST):
            yield Record.FromString(piece)
            piece = b""


found: dict[str, Any] = {"id": None, "tags": [], "steps": []}
for record in records(Path(sys.argv[1]).read_bytes()):
    if record.WhichOneof("record_type") == "run":
        found |= {"id": record.run.run_id, "tags": list(record.run.tags)}
    elif record.WhichOneof("record_type") == "history":
        items = {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        found["steps"] += [items["train/global_step"]] if "train/loss" in items else []
print(json.dumps(found))
