"""A job's loss as a small picture."""

import asyncio
import io
import math
import threading
from collections.abc import Sequence

from axo_notify.story import Point

LARGEST = 1e12  # beyond that a loss says nothing, and the axis cannot be written
_drawing = threading.Lock()  # matplotlib's fonts are not for several threads


async def loss_chart(points: Sequence[Point]) -> bytes | None:
    """Return a PNG of the loss over the steps, 480 by 200; None with less than two points.

    A loss that is no number is a gap with a red mark.
    """
    return await asyncio.to_thread(_draw, points) if len(points) > 1 else None


def _draw(points: Sequence[Point]) -> bytes:
    from matplotlib.figure import Figure  # late: it takes a second, and not every destination shows charts

    steps, losses = [point.step for point in points], [_plotted(point.loss) for point in points]
    lost = [step for step, loss in zip(steps, losses, strict=True) if math.isnan(loss)]
    with _drawing, io.BytesIO() as png:
        figure = Figure(figsize=(4.8, 2.0), dpi=100, layout="constrained")
        axes = figure.subplots()
        axes.plot(steps, losses, linewidth=1.5, marker="." if len(points) < 20 else None)
        for step in lost:
            axes.axvline(step, color="red", linestyle=":", linewidth=1)
        axes.set(xlabel="step", ylabel="loss", xlim=(steps[0], steps[-1]))
        axes.grid(visible=True, alpha=0.3)
        figure.savefig(png, format="png")
        return png.getvalue()


def _plotted(loss: float | None) -> float:
    return loss if loss is not None and abs(loss) < LARGEST else math.nan
