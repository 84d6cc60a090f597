"""Prints NUL bytes, invalid UTF-8 and a line without an end."""

import sys

import standin

standin.begin(1)
sys.stdout.buffer.write(b"zero\x00byte\nbroken \xff\xfe utf-8\nwindows\r\nno end")
sys.stdout.buffer.flush()
standin.end(1)
