"""Numbers as a picture."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INK, PAPER, RULES = "#dcddde", "#2b2d31", "#4e5058"
COLOURS = ("#6b5bd2", "#3ba55d", "#e3a008", "#d2455b", "#3f9fd2", "#b07cd8", "#8a8d93")


async def stacked_bars(labels: Sequence[str], series: Mapping[str, Sequence[float]], title: str, unit: str) -> bytes:
    """A PNG of stacked bars: one bar for each label, one colour for each series; drawn beside the event loop."""
    return await asyncio.to_thread(_drawn, labels, series, title, unit)


def _drawn(labels: Sequence[str], series: Mapping[str, Sequence[float]], title: str, unit: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - 60 MB, when first drawn
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure: Any = Figure(figsize=(9, 4.5), dpi=110, facecolor=PAPER, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=PAPER)
    places = range(len(labels))
    bottom = [0.0] * len(labels)
    for number, (name, values) in enumerate(series.items()):
        axes.bar(places, values, bottom=bottom, label=name, color=COLOURS[number % len(COLOURS)], width=0.75)
        bottom = [below + value for below, value in zip(bottom, values, strict=True)]
    step = max(1, -(-len(labels) // 12))
    axes.set_xticks(list(places)[::step], list(labels)[::step])
    axes.set_ylabel(unit, color=INK)
    axes.set_title(title, color=INK)
    axes.set_ylim(0, max([*bottom, 1]) * 1.05)
    axes.tick_params(colors=INK)
    axes.grid(axis="y", color=RULES, linewidth=0.6)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(series) > 1:
        axes.legend(facecolor=PAPER, edgecolor=RULES, labelcolor=INK, fontsize="small")
    picture = BytesIO()
    canvas.print_png(picture)
    return picture.getvalue()
