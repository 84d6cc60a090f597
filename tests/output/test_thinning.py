"""Thinning keeps what a person would look for in a plot, whatever the values are."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axo_api.metrics.thinning import LEAST, thin

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
VALUES = st.lists(NUMBERS, min_size=1, max_size=400).map(lambda values: np.array(values))
MOST = st.integers(min_value=LEAST, max_value=120)
each_series = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@each_series
@given(VALUES, MOST)
def test_no_more_points_stay_than_were_asked_for_and_they_stay_in_order(values: np.ndarray, most: int) -> None:
    places = thin(values, most)

    assert len(places) <= most
    assert (np.diff(places) > 0).all()
    assert len(values) > most or len(places) == len(values)


@each_series
@given(VALUES, MOST)
def test_the_first_and_the_last_point_stay(values: np.ndarray, most: int) -> None:
    places = thin(values, most)

    assert (places[0], places[-1]) == (0, len(values) - 1)


@each_series
@given(VALUES, MOST)
def test_the_highest_and_the_lowest_stay(values: np.ndarray, most: int) -> None:
    finite = values[np.isfinite(values)]
    shown = values[thin(values, most)]

    if len(finite):
        assert finite.max() in shown
        assert finite.min() in shown


@each_series
@given(VALUES, MOST)
def test_what_is_no_number_is_still_seen_where_it_was(values: np.ndarray, most: int) -> None:
    places = thin(values, most)
    far = -(-len(values) // ((most - 2) // 5)) if len(values) > most else 1

    for is_kind in (np.isnan, np.isposinf, np.isneginf):
        shown = places[is_kind(values[places])]
        for place in np.flatnonzero(is_kind(values)):
            assert np.abs(shown - place).min() < far


def test_a_single_spike_among_a_million_points_is_seen() -> None:
    values = np.linspace(2.0, 1.0, 1_000_000)
    values[567_890] = 99.0

    assert 567_890 in thin(values, 1000)
