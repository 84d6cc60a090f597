"""How fast something counts up, over its newest marks."""

from collections import deque
from itertools import pairwise
from math import sqrt

MARKS = 60
CLOSEST_SECONDS = 1.0  # faster counting is taken together, so that the window is long enough to tell a speed


class RateWindow:
    """Keeps marks of a count: at so many seconds it was so high. Seconds and counts only grow."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque(maxlen=MARKS)

    @property
    def count(self) -> float:
        """By how much the count grew over the window."""
        return self._marks[-1][1] - self._marks[0][1] if self._marks else 0.0

    def add(self, seconds: float, count: float) -> None:
        """Add the newest mark; it takes the place of the last one when that was hardly behind the one before."""
        if len(self._marks) >= 2 and seconds - self._marks[-2][0] < CLOSEST_SECONDS:
            self._marks[-1] = (seconds, count)
        else:
            self._marks.append((seconds, count))

    def rate(self) -> float | None:
        """Return how much a second; None while that cannot be told."""
        each = self.seconds_each()
        return 1 / each if each else None

    def seconds_each(self) -> float | None:
        """Return the seconds that one takes, on average; None while that cannot be told."""
        if len(self._marks) < 2:
            return None
        seconds = self._marks[-1][0] - self._marks[0][0]
        return seconds / self.count if seconds > 0 and self.count > 0 else None

    def deviation_each(self) -> float | None:
        """Return the standard deviation of the seconds that one takes; None for less than three intervals."""
        each = self.seconds_each()
        intervals = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(self._marks)]
        if each is None or len(intervals) < 3:
            return None
        squares = sum((seconds - each * count) ** 2 / count for seconds, count in intervals if count > 0)
        return sqrt(squares / (len(intervals) - 1))
