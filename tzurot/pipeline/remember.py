"""After a turn: history, memory and the flight's record, in one transaction that no reply waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.memory.store import Episode
from tzurot.pipeline.fetch import text_with_attachments
from tzurot.prompt.tokens import estimate
from tzurot.tables.flights import Flights
from tzurot.tables.messages import History, Said

if TYPE_CHECKING:
    from tzurot.database.connect import Database
    from tzurot.memory.store import Memories
    from tzurot.pipeline.turn import Turn
    from tzurot.tables.flights import Flown
    from tzurot.tables.turns import TurnState

DISCORD_EPOCH_MS = 1_420_070_400_000
SNOWFLAKE_SHIFT = 22


class Remember:
    def __init__(self, database: Database, memories: Memories) -> None:
        self._database = database
        self._memories = memories

    async def __call__(self, turn: Turn, text: str, message_ids: tuple[int, ...], flown: Flown | None) -> None:
        """Keep what was said by both sides; the ledger's row ends with it."""
        asked, answered = asked_line(turn), answered_line(turn, text, message_ids)
        episodes = [episode_of(line) for line in (asked, answered) if line.text.strip()]
        async with self._database.transaction(durable=False) as connection:
            await History.keep(connection, (asked, answered))
            await self._memories.write(connection, turn.asked_by.persona_id, turn.character.id, episodes)
            if flown is not None:
                await Flights.keep(connection, flown)
            await connection.execute(ENDED, turn.id, "remembered")

    async def ended(self, turn_id: int, state: TurnState) -> None:
        """A turn of which nothing is known but that it ended."""
        await self._database.execute(ENDED, turn_id, state)

    async def unanswered(self, turn: Turn, flown: Flown, state: TurnState) -> None:
        """Keep what the person said although no answer came of it: it is still part of the conversation."""
        async with self._database.transaction(durable=False) as connection:
            await History.keep(connection, (asked_line(turn),))
            await Flights.keep(connection, flown)
            await connection.execute(ENDED, turn.id, state)


ENDED = "UPDATE turns SET state = $2, ended_at = now() WHERE id = $1"


def asked_line(turn: Turn) -> Said:
    said = turn.incoming.utterance
    text = text_with_attachments(said)
    return Said(
        place=turn.place.key,
        message_ids=(said.message_id,),
        speaker=turn.asked_by.name,
        text=text,
        tokens=estimate(text),
        said_at=said.said_at,
        persona_id=turn.asked_by.persona_id,
    )


def answered_line(turn: Turn, text: str, message_ids: tuple[int, ...]) -> Said:
    return Said(
        place=turn.place.key,
        message_ids=message_ids,
        speaker=turn.character.name,
        text=text,
        tokens=estimate(text),
        said_at=time_of(message_ids[0]),
        character_id=turn.character.id,
    )


def episode_of(line: Said) -> Episode:
    return Episode(
        place=line.place,
        origin_id=line.message_ids[0],
        by_character=line.character_id is not None,
        speaker=line.speaker,
        text=line.text,
        said_at=line.said_at,
    )


def time_of(snowflake: int) -> datetime:
    """When an id was made: the milliseconds since 2015 in its upper 42 bits; terminal ids are made the same way."""
    return datetime.fromtimestamp(((snowflake >> SNOWFLAKE_SHIFT) + DISCORD_EPOCH_MS) / 1000, UTC)


def snowflake_at(moment: datetime, number: int = 0) -> int:
    """The id that `time_of` would date to that moment; `number` tells ids of the same millisecond apart."""
    milliseconds = int(moment.timestamp() * 1000) - DISCORD_EPOCH_MS
    return (milliseconds << SNOWFLAKE_SHIFT) | (number & ((1 << SNOWFLAKE_SHIFT) - 1))
