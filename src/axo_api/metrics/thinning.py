"""Thinning a series to what a plot can show. What stands out stays: highs, lows, both ends, and what is no number."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from axo_api.metrics.columns import Floats, Places

LEAST = 10
"""The fewest points that a series can be thinned to: two ends, and five of a bucket."""


def thin(values: Floats, most: int) -> Places:
    """Return the places of at most `most` of the values, rising; all of them when there are not more.

    The values are divided into buckets of the same length. Of each stay the lowest and the highest, and the first that
    is NaN, infinite or minus infinite; so a plot of as many columns as buckets looks as one of all values would.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    is_finite = np.isfinite(values)
    kinds = [] if bool(is_finite.all()) else [kind for kind in _kinds(values) if bool(kind.any())]
    length = -(-count // ((most - 2) // (2 + len(kinds))))
    low = np.where(is_finite, values, np.inf) if kinds else values
    high = np.where(is_finite, values, -np.inf) if kinds else values
    chosen = [np.array([0, count - 1]), _places(low, length, np.argmin), _places(high, length, np.argmax)]
    for kind in kinds:
        first = _places(kind, length, np.argmax)
        chosen.append(first[kind[first]])
    return np.unique(np.concatenate(chosen))


def _kinds(values: Floats) -> list[NDArray[np.bool_]]:
    return [np.isnan(values), values == np.inf, values == -np.inf]


def _places(values: NDArray[Any], length: int, choose: Callable[..., Any]) -> Places:
    """Return the place that `choose` takes in each bucket of `length` values; the last bucket may be shorter."""
    whole = len(values) // length
    places = choose(values[: whole * length].reshape(whole, length), axis=1) + np.arange(whole) * length
    rest = values[whole * length :]
    return np.append(places, whole * length + choose(rest)) if len(rest) else places
