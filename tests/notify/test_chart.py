"""The chart of a loss, whatever the loss is."""

import pytest
from tests.notify.pictures import red_pixels, size_of_png

from axo_notify.chart import loss_chart
from axo_notify.story import Point


@pytest.mark.parametrize(
    "losses",
    [
        [2.0, 1.0],
        [1.0, None, 0.5],
        [None, None],
        [1e308, 1.0, -1e308],
        [0.0] * 240,
    ],
)
async def test_any_losses_are_a_picture(losses: list[float | None]) -> None:
    picture = await loss_chart([Point(step, loss) for step, loss in enumerate(losses)])

    assert picture is not None
    assert size_of_png(picture) == (480, 200)


async def test_a_loss_that_is_no_number_is_marked() -> None:
    well = await loss_chart([Point(1, 2.0), Point(2, 1.0), Point(3, 0.5)])
    lost = await loss_chart([Point(1, 2.0), Point(2, None), Point(3, 0.5)])

    assert well is not None
    assert lost is not None
    assert red_pixels(well) == 0
    assert red_pixels(lost) > 20


async def test_one_point_is_no_chart() -> None:
    assert await loss_chart([Point(1, 2.0)]) is None
