"""Ends as PyTorch does when the GPU is full."""

import standin

standin.begin(10)


class OutOfMemoryError(RuntimeError):
    pass


raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.57 GiB")
