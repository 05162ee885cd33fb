"""`/inspect`: how a reply was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command, message_command
from tzurot.errors import NotFound
from tzurot.tables.turns import id_of
from tzurot.ui.flight import inspected
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    import hikari

    from tzurot.tables.flights import Flights
    from tzurot.tables.turns import Ledger
    from tzurot.ui.screen import Screen


class InspectPlugin:
    def __init__(self, *, flights: Flights, ledger: Ledger) -> None:
        self._flights = flights
        self._ledger = ledger

    @command(
        "inspect",
        "How a reply to you was made: time, tokens, prompt",
        reference=options.text("The reference of a turn; the last one without", limit=20, required=False),
    )
    async def inspect(self, asked: Asked, reference: str | None) -> Screen:
        turn_id = id_of(reference) if reference else None
        flight = await self._flights.find(asked.viewer.user_id, turn_id) if turn_id or not reference else None
        if flight is None:
            raise NotFound(
                "flight.none",
                "There is no such turn of yours." if reference else "No character has answered you yet.",
                "Check the reference." if reference else "Say something to a character first.",
            )
        return inspected(flight)

    @message_command("Inspect")
    async def inspect_message(self, asked: Asked, message: hikari.Message) -> Screen:
        turn_id = await self._ledger.turn_of(int(message.id))
        whose = None if asked.viewer.has(Power.BOT_OWNER) else asked.viewer.user_id
        flight = await self._flights.find(whose, turn_id) if turn_id is not None else None
        if flight is None:
            raise NotFound(
                "flight.none", "That is no reply to you, or it was made long ago.", "Try it on a reply to yourself."
            )
        return inspected(flight)
