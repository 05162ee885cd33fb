"""`/usage`: what somebody's conversations used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.ui.usage import PERIODS, usage_screen

if TYPE_CHECKING:
    from tzurot.tables.usage import Usage
    from tzurot.ui.screen import Screen


class UsagePlugin:
    def __init__(self, *, usage: Usage) -> None:
        self._usage = usage

    @command(
        "usage",
        "What your conversations used: tokens and money, as a chart and a file",
        period=options.choice("How long back; without it a week", *PERIODS, required=False),
        by=options.choice("What the chart tells apart", "character", "model", required=False),
    )
    async def usage(self, asked: Asked, period: str | None, by: str | None) -> Screen:
        period = period or "week"
        used = await self._usage.of(asked.viewer.user_id, PERIODS[period])
        return await usage_screen(used, period, by or "character", asked.viewer.person.name)
