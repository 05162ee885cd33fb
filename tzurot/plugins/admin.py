"""`/admin`: what the owner of the bot sees and sets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import hikari

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import NotFound
from tzurot.settings.catalog import PRESENCE
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope
from tzurot.tables.turns import id_of
from tzurot.ui.confirm import Confirm
from tzurot.ui.flight import inspected
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Screen
from tzurot.ui.usage import PERIODS, usage_screen
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tzurot.discord.components import Router
    from tzurot.tables.flights import Flights
    from tzurot.tables.messages import History
    from tzurot.tables.settings import Tuned
    from tzurot.tables.usage import Usage
    from tzurot.ui.settings import SettingsScreen
    from tzurot.ui.viewer import Viewer

    Facts = Callable[[], Awaitable[Sequence[tuple[str, str]]]]

OPERATOR = Scope(Tier.OPERATOR.key, "")


class AdminPlugin:
    """`facts` tells how the process is."""

    def __init__(
        self,
        *,
        bot: hikari.GatewayBot,
        flights: Flights,
        history: History,
        tuned: Tuned,
        usage: Usage,
        settings: SettingsScreen,
        facts: Facts,
        router: Router,
    ) -> None:
        self._bot = bot
        self._flights = flights
        self._history = history
        self._tuned = tuned
        self._usage = usage
        self._settings = settings
        self._facts = facts
        self.list = Listing(key="servers", title="Servers", empty="None.", load=self._servers, sorts=("name", "size"))
        self.clean = Confirm(
            key="cleanup",
            title="Delete old history",
            yes="Delete",
            question=self._question,
            act=self._cleanup,
        )
        router.enter(self.list, self.clean)

    @command("admin servers", "The servers the bot is in")
    async def servers(self, asked: Asked) -> Screen:
        return await self.list.page(asked.viewer)

    @command(
        "admin usage",
        "What everybody's conversations used",
        period=options.choice("How long back; without it a week", *PERIODS, required=False),
        by=options.choice("What the chart tells apart", "character", "model", required=False),
    )
    async def usage(self, asked: Asked, period: str | None, by: str | None) -> Screen:  # noqa: ARG002
        period = period or "week"
        return await usage_screen(await self._usage.of(None, PERIODS[period]), period, by or "character", "everybody")

    @command(
        "admin presence",
        "What is shown beside the bot's name",
        text=options.text("Up to 128 characters; without it nothing", limit=128, required=False),
    )
    async def presence(self, asked: Asked, text: str | None) -> str:  # noqa: ARG002
        await self._tuned.put(OPERATOR, PRESENCE.key, PRESENCE.given(text or ""))
        await show_presence(self._bot, text or "")
        return f"Beside my name stands: {text}" if text else "Nothing stands beside my name."

    @command("admin settings", "What holds for the whole bot")
    async def settings(self, asked: Asked) -> Screen:
        return await self._settings.show(asked.viewer, Tier.OPERATOR, "")

    @command("admin health", "How the process is")
    async def health(self, asked: Asked) -> Screen:  # noqa: ARG002
        return Screen(title="Health", fields=tuple(await self._facts()))

    @command(
        "admin debug", "How anybody's reply was made", reference=options.text("The reference of the turn", limit=20)
    )
    async def debug(self, asked: Asked, reference: str) -> Screen:  # noqa: ARG002
        turn_id = id_of(reference)
        flight = await self._flights.find(None, turn_id) if turn_id is not None else None
        if flight is None:
            raise NotFound("flight.none", "There is no record of that turn.", "Records are kept for three days.")
        return inspected(flight)

    @command(
        "admin cleanup",
        "Delete history that is older than some days; memories stay",
        days=options.number("How many days are kept", lowest=1, highest=3650),
    )
    async def cleanup(self, asked: Asked, days: int) -> Screen:
        return await self.clean.ask(asked.viewer, str(days))

    async def _servers(self, viewer: Viewer, view: View) -> Sequence[Row]:
        viewer.needs(Power.BOT_OWNER)
        return [
            Row(
                label=guild.name,
                value=str(guild.id),
                detail=f"{guild.member_count or 0:,} members · {guild.id}",
                order=(guild.name.casefold(), -(guild.member_count or 0)),
            )
            for guild in self._bot.cache.get_guilds_view().values()
            if view.query.casefold() in guild.name.casefold()
        ]

    async def _question(self, viewer: Viewer, subject: str) -> str:
        count = await self._history.older_than(self._age(viewer, subject))
        which = f"Messages older than {subject} days, {count:,} in all,"
        return f"{which} are deleted for good. What characters remember stays."

    async def _cleanup(self, viewer: Viewer, subject: str) -> str:
        count = await self._history.delete_older_than(self._age(viewer, subject))
        return f"Deleted messages: {count:,}."

    @staticmethod
    def _age(viewer: Viewer, subject: str) -> timedelta:
        viewer.needs(Power.BOT_OWNER)
        if not subject.isdecimal() or not 1 <= int(subject[:5]) <= 3650:  # noqa: PLR2004 - the option's bounds
            raise NotFound("cleanup.days", "That is no number of days.", "Run the command again.")
        return timedelta(days=int(subject))


async def show_presence(bot: hikari.GatewayBot, text: str) -> None:
    """Let a text stand beside the bot's name, or nothing."""
    activity = hikari.Activity(name=text, state=text, type=hikari.ActivityType.CUSTOM) if text else None
    await bot.update_presence(activity=activity)
