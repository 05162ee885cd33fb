"""After a turn: history, memory and the flight's record, in one transaction that no reply waits for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.memory.partition import Episode
from tzurot.memory.store import Memory
from tzurot.pipeline.attached import text_with_attachments
from tzurot.pipeline.fetch import utc_now
from tzurot.pipeline.turn import UNASKED
from tzurot.prompt.tokens import estimate
from tzurot.settings.catalog import INCOGNITO_UNTIL
from tzurot.tables.flights import Flights
from tzurot.tables.messages import History, Said
from tzurot.tables.turns import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tzurot.database.connect import Database
    from tzurot.memory.store import Memories
    from tzurot.pipeline.turn import Attached, Turn
    from tzurot.settings.cascade import Cascade
    from tzurot.tables.flights import Flown
    from tzurot.tables.turns import TurnState
    from tzurot.talk import Utterance

DISCORD_EPOCH_MS = 1_420_070_400_000
SNOWFLAKE_SHIFT = 22


MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Everything that is kept of one turn."""

    turn: Turn
    state: TurnState
    lines: tuple[Said, ...]
    flown: Flown | None
    learnt: tuple[tuple[int, str], ...] = ()  # what lines that are kept already say now
    replaces: bool = False
    incognito: bool = False

    @property
    def spoken_id(self) -> int | None:
        """The last message of the reply."""
        return self.lines[-1].message_ids[-1] if self.state == "remembered" else None

    def recorded(self) -> Flown:
        """What is kept of the flight: of an incognito turn only what it used."""
        assert self.flown is not None
        return replace(self.flown, record={}) if self.incognito else self.flown

    def memories(self) -> list[Memory]:
        """What both will remember: nothing of a turn that got no answer, or that was not to be remembered."""
        if self.state != "remembered" or self.incognito:
            return []
        ids = {"persona_id": self.turn.asked_by.persona_id, "character_id": self.turn.character.id}
        audience = self.turn.place.audience
        return [Memory(**ids, episode=episode_of(line, audience)) for line in self.lines if line.text.strip()]


class Remember:
    """Turns that end while a transaction is under way share the next one: in a burst that halves the work."""

    def __init__(
        self,
        database: Database,
        history: History,
        memories: Memories,
        cascade: Cascade,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._history = history
        self._memories = memories
        self._cascade = cascade
        self._clock = clock
        self._waiting: list[tuple[Ending, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __call__(
        self,
        turn: Turn,
        text: str,
        message_ids: tuple[int, ...],
        flown: Flown | None,
        *,
        attached: Sequence[Attached] = (),
        replaces: bool = False,
    ) -> None:
        """Keep what was said by both sides; the ledger's row ends with it.

        `attached`: what is known of the attachments. `replaces`: the reply stands where another take stood.
        """
        answered = answered_line(turn, text, message_ids)
        lines = (*asked_lines(turn, attached), answered)
        replaces = replaces or turn.accepted.take > 1
        ending = Ending(turn=turn, state="remembered", lines=lines, flown=flown, replaces=replaces)
        await self._keep(replace(ending, learnt=learnt_of(turn, attached)))

    async def unanswered(
        self, turn: Turn, flown: Flown | None, state: TurnState, attached: Sequence[Attached] = ()
    ) -> None:
        """Keep what the person said although no answer came of it: it is still part of the conversation."""
        await self._keep(Ending(turn=turn, state=state, lines=asked_lines(turn, attached), flown=flown))

    async def _keep(self, ending: Ending) -> None:
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((ending, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="remember")
        await kept

    async def _is_incognito(self, turn: Turn) -> bool:
        """Whether nothing of what this person says to the character is to be kept."""
        settings = await self._cascade.of(character_id=turn.character.id, user_id=turn.asked_by.user_id)
        return settings[INCOGNITO_UNTIL] > self._clock().timestamp()

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                await self._write([ending for ending, _ in batch])
            except Exception:  # noqa: BLE001 - one turn that cannot be kept must not take others with it
                for ending, kept in batch:
                    await self._write_one(ending, kept)
            else:
                for _, kept in batch:
                    _settle(kept, None)

    async def _write_one(self, ending: Ending, kept: asyncio.Future[None]) -> None:
        try:
            await self._write([ending])
        except Exception as error:  # noqa: BLE001 - it reaches whoever waits for this turn
            _settle(kept, error)
        else:
            _settle(kept, None)

    async def _write(self, given: Sequence[Ending]) -> None:
        endings = [replace(ending, incognito=await self._is_incognito(ending.turn)) for ending in given]
        memories = [memory for ending in endings for memory in ending.memories()]
        async with self._database.transaction(durable=False) as connection:
            replaced = [(e.turn.place.key, e.lines[-1].message_ids[0]) for e in endings if e.replaces]
            if replaced:
                await History.drop(connection, replaced)
                await self._memories.drop(connection, replaced)
            kept = [line for ending in endings if not ending.incognito for line in ending.lines]
            await History.keep(connection, kept)
            for ending in endings:
                for message_id, text in ending.learnt if not ending.incognito else ():
                    await History.revise(connection, ending.turn.place.key, message_id, text, estimate(text))
            if memories:
                await self._memories.write(connection, memories)
            await Flights.keep(connection, [ending.recorded() for ending in endings if ending.flown is not None])
            await Ledger.close(connection, [(ending.turn.id, ending.state, ending.spoken_id) for ending in endings])
            if unsaid := [ending.turn.id for ending in endings if ending.incognito]:
                await Ledger.blank(connection, unsaid)
        for ending in endings:
            if ending.replaces or ending.learnt:
                self._history.release(ending.turn.place.key)
        await self._history.refresh({line.place for line in kept})
        for persona_id, character_id in {(memory.persona_id, memory.character_id) for memory in memories}:
            await self._memories.refresh(persona_id, character_id)


def _settle(kept: asyncio.Future[None], error: Exception | None) -> None:
    """Tell whoever waits, unless they were cancelled meanwhile."""
    if kept.done():
        return
    if error is None:
        kept.set_result(None)
    else:
        kept.set_exception(error)


def asked_lines(turn: Turn, attached: Sequence[Attached] = ()) -> tuple[Said, ...]:
    """What the person said, a line for each message; nothing where nobody asked."""
    if turn.accepted.reason in UNASKED:
        return ()
    return tuple(asked_line(turn, said, text_with_attachments(said, attached)) for said in turn.said)


def asked_line(turn: Turn, said: Utterance, text: str) -> Said:
    return Said(
        place=turn.place.key,
        message_ids=(said.message_id,),
        speaker=turn.asked_by.name,
        text=text,
        tokens=estimate(text),
        said_at=said.said_at,
        persona_id=turn.asked_by.persona_id,
    )


def learnt_of(turn: Turn, attached: Sequence[Attached]) -> tuple[tuple[int, str], ...]:
    """What is known by now of the attachments of what was said just before; when that was kept nobody had looked."""
    read = {one.message_id for one in attached if one.text}
    before = [one for one in turn.accepted.together if one.message_id in read]
    return tuple((one.message_id, text_with_attachments(one, attached)) for one in before)


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


def episode_of(line: Said, audience: str) -> Episode:
    return Episode(
        audience=audience,
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
