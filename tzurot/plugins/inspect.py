"""`/inspect`: how your last reply was made."""

from __future__ import annotations

import lightbulb

from tzurot.discord.commands import person_of, show
from tzurot.errors import NotFound
from tzurot.tables.flights import Flights
from tzurot.tables.people import People
from tzurot.tables.turns import id_of
from tzurot.ui.flight import flight_screen
from tzurot.ui.screen import File, Screen

loader = lightbulb.Loader()


@loader.command
class Inspect(lightbulb.SlashCommand, name="inspect", description="How a reply to you was made: time, tokens, prompt"):
    reference = lightbulb.string(
        "reference", "The reference of a turn; the last one without", default="", max_length=20
    )

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context, people: People, flights: Flights) -> None:
        person = await person_of(ctx, people)
        turn_id = id_of(self.reference) if self.reference else None
        flight = await flights.find(person.user_id, turn_id) if turn_id or not self.reference else None
        if flight is None:
            raise NotFound(
                "flight.none",
                "There is no such turn of yours." if self.reference else "No character has answered you yet.",
                "Say something to a character first." if not self.reference else "Check the reference.",
            )
        shown = flight_screen(flight)
        prompt = File(name="prompt.txt", content=shown.prompt.encode())
        await show(ctx, Screen(title=shown.title, fields=shown.facts, files=(prompt,) if shown.prompt else ()))
