"""What somebody says in one go, message after message, is answered once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from cachetools import TTLCache

from tzurot.pipeline.turn import FREE

if TYPE_CHECKING:
    from tzurot.pipeline.lanes import Lanes
    from tzurot.tables.turns import Accepted
    from tzurot.talk import Utterance

    Key = tuple[int, str]
    Entering = asyncio.Future[tuple[Accepted, ...] | None]

TYPING_S = 10.0  # so long Discord shows it
SETTLE_S = 3.0
PEOPLE = 10_000


def key_of(said: Utterance) -> Key:
    return said.place.channel_id, said.speaker.external_id


class Bursts:
    """Who is typing where, and what of theirs waits to be answered."""

    def __init__(self) -> None:
        self._typing: TTLCache[Key, None] = TTLCache(PEOPLE, TYPING_S)
        self._waiting: defaultdict[Key, list[Entering]] = defaultdict(list)
        self._more: dict[Key, asyncio.Event] = {}

    def types(self, channel_id: int, user_id: int) -> None:
        self._typing[channel_id, str(user_id)] = None

    def says(self, said: Utterance) -> None:
        """Whoever sends a message has stopped typing it."""
        self._typing.pop(key_of(said), None)

    def queue(self, said: Utterance, entering: Entering) -> None:
        """Something waits until what is being said before it is done."""
        key = key_of(said)
        self._waiting[key].append(entering)
        if (more := self._more.get(key)) is not None:
            more.set()

    def begin(self, said: Utterance, entering: Entering) -> None:
        """Its turn has come."""
        key = key_of(said)
        self._waiting[key].remove(entering)
        if not self._waiting[key]:
            del self._waiting[key]

    async def settled(self, said: Utterance) -> bool:
        """Wait for a moment while its speaker goes on typing; False where there is more, to be answered instead."""
        key = key_of(said)
        if key in self._typing and key not in self._waiting:
            more = self._more[key] = asyncio.Event()
            with suppress(TimeoutError):
                await asyncio.wait_for(more.wait(), SETTLE_S)
            del self._more[key]
        for entering in self._waiting.get(key, ()):
            later = await asyncio.shield(entering)
            if later and later[0].reason in FREE:
                return False
        return True


class Room:
    """A channel as a turn sees it while it runs: whether somebody waits, and whether its speaker has said it all."""

    def __init__(self, channel_id: int, lanes: Lanes, bursts: Bursts) -> None:
        self._lane = str(channel_id)
        self._lanes = lanes
        self.settled = bursts.settled

    def is_wanted(self) -> bool:
        return self._lanes.is_wanted(self._lane)
