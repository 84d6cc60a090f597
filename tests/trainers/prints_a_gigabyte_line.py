"""Prints a line of a gigabyte, then NUL bytes, invalid UTF-8 and a line without an end."""

import sys

import standin

standin.begin(1)
for _ in range(1000):
    sys.stdout.buffer.write(b"x" * 1_000_000)
sys.stdout.buffer.write(b"\nzero\x00byte\nbroken \xff\xfe utf-8\nno end")
sys.stdout.buffer.flush()
standin.end(1)
