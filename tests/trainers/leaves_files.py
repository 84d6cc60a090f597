"""Trains to the end, and leaves what a real trainer leaves: large weights, small files in folders, and pickles."""

import struct

from standin import OUTPUTS, config, save_checkpoint, train

LARGE_BYTES = 3_000_000

steps = int(config()["max_steps"])
if steps == 13:
    save_checkpoint(1)
    raise SystemExit("RuntimeError: this many steps bring bad luck")
train(steps, step_seconds=0.0, save_steps=2)
header = b'{"weight":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (LARGE_BYTES, LARGE_BYTES)
pattern = bytes(range(251)) * (LARGE_BYTES // 251 + 1)
(OUTPUTS / "model-large.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + pattern[:LARGE_BYTES])
(OUTPUTS / "tokenizer").mkdir()
(OUTPUTS / "tokenizer" / "größe & more.json").write_text("{}")
(OUTPUTS / "empty.txt").touch()
(OUTPUTS / "training_args.bin").write_bytes(b"\x80\x04N.")
