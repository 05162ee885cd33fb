"""What was used, as a chart, as figures and as a file."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

from tzurot.ui.chart import stacked_bars
from tzurot.ui.screen import File, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.tables.usage import Used

PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
SHOWN = 6


async def usage_screen(used: Sequence[Used], period: str, by: str, whose: str) -> Screen:
    """`by` is "character" or "model"."""
    if not used:
        return Screen(title=f"Usage of {whose}, last {period}", text="Nothing was asked in that time.")
    totals: Counter[str] = Counter()
    for one in used:
        totals[getattr(one, by) or "no model"] += one.prompt_tokens + one.reply_tokens
    names = [name for name, _ in totals.most_common(SHOWN)]
    series = {name: [0.0] * len(_days(period)) for name in [*names, *(["others"] if len(totals) > SHOWN else [])]}
    place = {day: position for position, day in enumerate(_days(period))}
    for one in used:
        name = getattr(one, by) or "no model"
        series[name if name in series else "others"][place[f"{one.day:%d %b}"]] += one.prompt_tokens + one.reply_tokens
    picture = await stacked_bars(_days(period), series, f"Tokens a day by {by}", "tokens")
    cost = sum(one.cost_usd for one in used)
    prompt, cached = sum(one.prompt_tokens for one in used), sum(one.cached_tokens for one in used)
    return Screen(
        title=f"Usage of {whose}, last {period}",
        fields=(
            ("Replies", f"{sum(one.turns for one in used):,}"),
            ("Tokens", f"{prompt:,} in ({cached:,} cached), {sum(one.reply_tokens for one in used):,} out"),
            ("Cost", f"${cost:.4f}" if cost else "none that a server named"),
            (f"By {by}", "\n".join(f"{name}: {totals[name]:,} tokens" for name in names)),
        ),
        files=(File(name="usage.png", content=picture, wide=True), File(name="usage.csv", content=_csv(used))),
    )


def _days(period: str) -> list[str]:
    """The days of a period in UTC, oldest first."""
    today = datetime.now(UTC)
    return [f"{today - timedelta(days=ago):%d %b}" for ago in range(PERIODS[period].days, -1, -1)]


def _csv(used: Sequence[Used]) -> bytes:
    columns = ("day", "character", "model", "turns", "prompt_tokens", "cached_tokens", "reply_tokens", "cost_usd")
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    # a cell that begins so would be run by a spreadsheet
    writer.writerows(
        [f"'{value}" if str(value)[:1] in "=+-@" else value for value in (getattr(one, name) for name in columns)]
        for one in used
    )
    return text.getvalue().encode()
