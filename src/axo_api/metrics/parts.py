"""What a job's metric files consist of: parts with lines of one attempt each, sealed into a block or still waiting."""

import mmap
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

from axo_api.metrics.blocks import Block, blocks_in, columns_beside, mapped
from axo_api.metrics.columns import Column, column_of, names_in
from axo_api.metrics.lines import frames_between
from axo_contracts.frames import Metric


@dataclass(frozen=True)
class Part(ABC):
    """Lines of one attempt, in their order. No step of theirs is outside of `first_step` to `last_step`."""

    attempt: int
    first_step: int
    last_step: int

    @property
    @abstractmethod
    def names(self) -> Collection[str]:
        """What was measured in it."""

    @abstractmethod
    def column(self, name: str) -> Column:
        """Return its points of one of its `names`."""

    @abstractmethod
    def frames(self) -> Iterator[Metric]:
        """Yield its lines as frames."""


@dataclass(frozen=True)
class Sealed(Part):
    """A part whose columns are in a block."""

    path: Path
    lines_start: int
    block: Block
    data: mmap.mmap

    @property
    def names(self) -> Collection[str]:
        return self.block.contents.columns.keys()

    def column(self, name: str) -> Column:
        return self.block.column(self.data, name)

    def frames(self) -> Iterator[Metric]:
        for frames in frames_between(self.path, self.lines_start, self.block.contents.lines_end):
            yield from frames


@dataclass(frozen=True)
class Waiting(Part):
    """A part whose lines are the newest ones, in no block yet."""

    said: Sequence[Metric]

    @cached_property
    def names(self) -> Collection[str]:
        return names_in(self.said)

    def column(self, name: str) -> Column:
        return column_of(self.said, name)

    def frames(self) -> Iterator[Metric]:
        return iter(self.said)


def parts_of(path: Path) -> list[Part]:
    """Return the parts of the metrics at `path` as they are now. Raises `OSError`.

    The blocks are looked at first: what is sealed after that is still found among the lines.
    """
    sealed = [*_sealed(path)]
    return [*sealed, *_waiting(path, sealed[-1].block.contents.lines_end if sealed else 0)]


def _sealed(path: Path) -> Iterator[Sealed]:
    try:
        with columns_beside(path).open("rb") as file:
            data = mapped(file.fileno())
    except FileNotFoundError:
        return
    if data is None:
        return
    lines_start = 0
    for block in blocks_in(data):
        contents = block.contents
        yield Sealed(contents.attempt, contents.first_step, contents.last_step, path, lines_start, block, data)
        lines_start = contents.lines_end


def _waiting(path: Path, start: int) -> Iterator[Waiting]:
    frames = (frame for chunk in frames_between(path, start, path.stat().st_size) for frame in chunk)
    for attempt, of_attempt in groupby(frames, key=lambda frame: frame.attempt):
        said = [*of_attempt]
        steps = [frame.step for frame in said]
        yield Waiting(attempt, min(steps), max(steps), said)
