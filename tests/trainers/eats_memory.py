"""Takes more and more of the host's memory."""

import standin

standin.begin(10)
taken = []
while True:
    taken.append(b"\1" * 10_000_000)
