"""Ids: they sort by the time of their making, and name what they are of."""

import re
import time

import pytest
from tests.waiting import wait_for

from axo_contracts.ids import CHECKPOINT, FILE, JOB, new_id


@pytest.mark.parametrize("prefix", [JOB, FILE, CHECKPOINT])
def test_an_id_is_its_prefix_and_26_letters_that_no_one_misreads(prefix: str) -> None:
    assert re.fullmatch(rf"{prefix}-[0-9abcdefghjkmnpqrstvwxyz]{{26}}", new_id(prefix))


def test_ids_sort_by_the_time_of_their_making() -> None:
    ids = []
    for _ in range(50):
        ids.append(new_id(JOB))
        made_by = time.time_ns() // 1_000_000
        wait_for(lambda made_by=made_by: time.time_ns() // 1_000_000 > made_by, "the next millisecond")  # type: ignore[misc]

    assert ids == sorted(ids)


def test_a_hundred_thousand_ids_of_one_moment_are_all_different() -> None:
    assert len({new_id(JOB) for _ in range(100_000)}) == 100_000
