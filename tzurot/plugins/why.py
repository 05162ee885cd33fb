"""Why a reply is as it is: the memories and facts that came up for it, each to be corrected or forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tzurot.discord import options
from tzurot.discord.commands import Asked, command, message_command
from tzurot.errors import NotFound
from tzurot.tables.turns import id_of, reference_of
from tzurot.ui.reply import WHY
from tzurot.ui.screen import Address, Answer, Choice, Press, Screen, Select, stale

if TYPE_CHECKING:
    import hikari

    from tzurot.discord.components import Router
    from tzurot.tables.flights import FlightRecord, Flights
    from tzurot.tables.turns import Ledger
    from tzurot.ui.memory import FactScreens, MemoryScreens
    from tzurot.ui.viewer import Viewer

SHOWN = 12


class WhyPlugin:
    key = WHY

    def __init__(
        self,
        *,
        flights: Flights,
        ledger: Ledger,
        memory_screens: MemoryScreens,
        fact_screens: FactScreens,
        router: Router,
    ) -> None:
        self._flights = flights
        self._ledger = ledger
        self._memories = memory_screens
        self._facts = fact_screens
        router.enter(self)

    @command(
        "memory why",
        "What was remembered for a reply to you, and how it was found",
        reference=options.text("The reference of a turn; the last one without", limit=20, required=False),
    )
    async def why(self, asked: Asked, reference: str | None) -> Screen:
        turn_id = id_of(reference) if reference else None
        flight = await self._flights.find(asked.viewer.user_id, turn_id) if turn_id or not reference else None
        return await self._shown(asked.viewer, flight)

    @message_command("Why")
    async def why_message(self, asked: Asked, message: hikari.Message) -> Screen:
        turn_id = await self._ledger.turn_of(int(message.id))
        flight = await self._flights.find(asked.viewer.user_id, turn_id) if turn_id is not None else None
        return await self._shown(asked.viewer, flight)

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """From below a reply it is told why; what came up is opened: `m` a memory, `f` a fact."""
        if press.address.verb == WHY:
            flight = await self._flights.find(viewer.user_id, press.address.number(0))
            return replace(await self._shown(viewer, flight), beside=True)
        kind, _, subject = press.chosen.partition(":")
        match kind:
            case "m":
                return await self._memories.sheet.show(viewer, subject)
            case "f":
                return await self._facts.sheet.show(viewer, subject)
            case _:
                raise stale()

    async def _shown(self, viewer: Viewer, flight: FlightRecord | None) -> Screen:
        if flight is None:
            raise NotFound("flight.none", "That is no reply to you, or it was made long ago.", "Try a newer one.")
        character_id = (await self._ledger.stored(flight.turn_id)).turn.character_id
        memories: list[dict[str, Any]] = flight.record.get("memories", [])[:SHOWN]
        facts: list[dict[str, Any]] = flight.record.get("facts", [])[:SHOWN]
        choices = [
            *(
                Choice(label=m["text"][:100] or "—", value=f"m:{character_id}.{m['id']}", detail=_why(m))
                for m in memories
            ),
            *(Choice(label=f"{f['slot']}: {f['value']}"[:100], value=f"f:{character_id}.{f['id']}") for f in facts),
        ]
        address = Address(screen=self.key, verb="open", owner=viewer.front_id)
        return Screen(
            title=f"Why {flight.character_name} said so",
            text="\n".join(f"`{m['score']:5.2f}` **{m['speaker']}** {m['text'][:120]}" for m in memories)
            or "No memory came up.",
            fields=(
                *((("Known of you", "\n".join(f"{f['slot']}: {f['value']}" for f in facts)),) if facts else ()),
                ("Asked by", str(flight.record.get("reason", ""))),
                ("Model", flight.model or "none"),
                (
                    "Read",
                    f"{flight.record.get('history', 0)} lines of history, {flight.record.get('quotes', 0)} quotes",
                ),
            ),
            footer=reference_of(flight.turn_id),
            select=Select(prompt="Correct or forget …", address=address, choices=tuple(choices)) if choices else None,
        )


def _why(memory: dict[str, Any]) -> str:
    """The parts of a score, the largest first."""
    parts = {name: round(part, 2) for name, part in memory.get("why", {}).items()}
    largest = sorted(parts.items(), key=lambda part: -abs(part[1]))
    return ", ".join(f"{name} {part:+g}" for name, part in largest if part)
