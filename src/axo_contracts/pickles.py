"""Which files run code when they are loaded, as PyTorch's own formats may."""

from pathlib import PurePosixPath

_SUFFIXES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".distcp"})
_NAMES = frozenset({".metadata"})  # of a sharded checkpoint


def is_pickle(path: str) -> bool:
    """Return whether a file's name says that it is a pickle, or holds one: weights, states of optimizers, arguments."""
    name = PurePosixPath(path)
    return name.suffix.lower() in _SUFFIXES or name.name in _NAMES
