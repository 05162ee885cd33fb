"""`/help`: how to begin, and every command there is."""

from __future__ import annotations

import hikari
import lightbulb

from tzurot.discord.commands import show
from tzurot.ui.screen import Screen

loader = lightbulb.Loader()

BEGIN = (
    "Say **@Name** to a character in any channel I can read, reply to what it said, or write to me in private."
    " Each character remembers you. `/character browse` shows who is here, `/character import` brings in your own."
)


@loader.command
class Help(lightbulb.SlashCommand, name="help", description="How to begin, and what there is"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        registered = await ctx.client.rest.fetch_application_commands(ctx.interaction.application_id)
        commands = sorted(
            (f"/{command.name}", command.description)
            for command in registered
            if isinstance(command, hikari.SlashCommand)
        )
        await show(ctx, Screen(title="Talking with characters", text=BEGIN, fields=tuple(commands)))
