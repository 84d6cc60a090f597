"""Which files run code when they are loaded, as PyTorch's own formats may."""

from pathlib import PurePosixPath

SUFFIXES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".distcp"})
NAMES = frozenset({".metadata"})  # of a sharded checkpoint


def is_pickle(path: str) -> bool:
    """Return whether a file's name says that it is a pickle, or holds one: weights, states of optimizers, arguments."""
    name = PurePosixPath(path)
    return name.suffix.lower() in SUFFIXES or name.name in NAMES
