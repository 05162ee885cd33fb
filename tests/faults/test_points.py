"""`kill -9` at every step of a turn: the next process ends it, with the whole reply, once, and remembered once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.discord.bot import Bot
from tests.discord.test_crashes import LONG
from tests.faults.points import (
    ANEW,
    COMMANDED,
    IN_PRIVATE,
    MORE_ANEW,
    MORE_COMMANDED,
    MORE_IN_PRIVATE,
    MORE_POINTS,
    POINTS,
    Outside,
    until,
)
from tests.loopback.fixtures import discord, llm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from tests.faults.points import Point
    from tests.loopback import LoopbackDiscord, ScriptedLLM

__all__ = ["discord", "llm"]
TIMES = 20
# rows from the question on belong to its turn: nothing else is said meanwhile
ENDS = """
SELECT t.state, t.take, array(SELECT o.take FROM turns o WHERE o.origin_id = t.origin_id ORDER BY o.take) AS takes,
 array(SELECT message_id FROM chunks WHERE turn_id = t.id AND state = 'posted' ORDER BY position) AS posted,
 array(SELECT text FROM messages m WHERE m.place = t.place AND m.origin_id >= t.origin_id ORDER BY id) AS history,
 (SELECT message_ids FROM messages m WHERE m.place = t.place AND m.origin_id > t.origin_id) AS told,
 array(SELECT text FROM memories m WHERE m.place = t.place AND m.origin_id >= t.origin_id ORDER BY id) AS memories
 FROM turns t WHERE origin_id = $1 ORDER BY take DESC LIMIT 1
"""


class Asked:
    """A turn that a message causes."""

    where: Any = "general"
    voice = ""  # what stands before each part where there is no webhook
    takes = 1
    origin_id = 0

    def __init__(self, outside: Outside, words: str) -> None:
        self.outside = outside
        self.words = words

    async def prepare(self) -> None:
        """What has to be there before it is asked."""

    async def ask(self) -> None:
        said = await self.outside.discord.say(self.where, "Alice", self.words)
        self.origin_id = int(said["id"])

    async def ended(self) -> Any:
        """Its last take in the ledger, once nothing is owed any more."""
        over = "SELECT EXISTS (SELECT FROM turns WHERE origin_id = $1 AND take = $2 AND ended_at IS NOT NULL)"
        await until(self.outside.ledger, over, self.origin_id, self.takes)
        return await self.outside.ledger.fetchrow(ENDS, self.origin_id)

    async def check(self) -> None:
        """Everything that is to be there is there, and once."""
        row = await self.ended()
        posts = [one for one in self.outside.discord.bot_messages(self.where) if int(one["id"]) > self.origin_id]
        parts = [str(one["content"]).removeprefix(self.voice) for one in posts]
        assert "\n\n".join(parts) == LONG
        assert row["state"] == "remembered"
        assert row["takes"] == list(range(1, self.takes + 1))
        assert row["posted"] == row["told"] == [int(one["id"]) for one in posts]
        both = [self.words, in_a_row(LONG)]
        assert [in_a_row(text) for text in row["history"]] == both
        assert [in_a_row(text) for text in row["memories"]] == both


class Anew(Asked):
    """A reply made anew."""

    takes = 2
    reply: Any = None

    async def prepare(self) -> None:
        self.outside.llm.say("Short.")
        self.takes = 1
        await self.ask_first()
        await self.ended()
        (self.reply,) = (
            one for one in self.outside.discord.webhook_messages(self.where) if int(one["id"]) > self.origin_id
        )
        self.takes = 2

    async def ask_first(self) -> None:
        await super().ask()

    async def ask(self) -> None:
        await self.outside.discord.message_command(self.where, "Alice", "Regenerate", self.reply)


class Commanded(Asked):
    """What somebody says by /chat; the message that shows it is what is answered."""

    async def ask(self) -> None:
        options = {"character": "maren", "message": self.words}
        self.command = await self.outside.discord.slash(self.where, "Alice", "chat", options)

    async def check(self) -> None:
        assert self.command.message is not None
        self.origin_id = int(self.command.message["id"])
        await super().check()


class InPrivate(Asked):
    """A direct message: no webhook, but a number by which Discord knows a post again."""

    voice = "**Maren:** "

    def __init__(self, outside: Outside, words: str) -> None:
        super().__init__(outside, words)
        self.where = outside.discord.dm_with("Alice")


WAYS: dict[type[Asked], dict[str, Point]] = {Asked: POINTS, Anew: ANEW, Commanded: COMMANDED, InPrivate: IN_PRIVATE}
LONG_RUN: dict[type[Asked], dict[str, Point]] = {
    Asked: POINTS | MORE_POINTS,
    Anew: ANEW | MORE_ANEW,
    Commanded: COMMANDED | MORE_COMMANDED,
    InPrivate: IN_PRIVATE | MORE_IN_PRIVATE,
}


def in_a_row(text: str) -> str:
    return " ".join(text.split())


async def killed_at(
    points: Iterable[tuple[str, Point]], way: type[Asked], discord: LoopbackDiscord, llm: ScriptedLLM, url: str
) -> None:
    """Kill at one point after the other; each process ends what the one before was killed in."""
    llm.default = lambda _request: LONG
    ledger = await asyncpg.connect(url)
    try:
        await _killed_at(points, way, Outside(discord, llm, ledger), url)
    finally:
        await ledger.close()


async def _killed_at(points: Iterable[tuple[str, Point]], way: type[Asked], outside: Outside, url: str) -> None:
    # where a character has spoken, a later process reads what it missed
    killed, turn = "nothing yet", Asked(outside, "@Maren to begin with")
    for number, (name, point) in enumerate([*points, ("", None)]):
        async with Bot(outside.discord, outside.llm, url) as bot:
            if not number:
                await turn.ask()
            try:
                await turn.check()
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"killed at “{killed}”: {error!r}\n{outside.discord.summary()}") from error
            assert not bot.complaints, f"after it was killed at “{killed}”: {bot.complaints}"
            if point is None:
                break
            killed, turn = name, way(outside, f"@Maren question {number}")
            await turn.prepare()
            async with point(outside) as reached:
                await turn.ask()
                await reached()
                await bot.kill()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_killed_once_at_every_point(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, way: type[Asked]
) -> None:
    await killed_at(WAYS[way].items(), way, discord, llm, database_url)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("way", "name"),
    [pytest.param(way, name, id=name) for way, points in LONG_RUN.items() for name in points],
)
async def test_killed_again_and_again_at_one_point(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, way: type[Asked], name: str
) -> None:
    await killed_at([(name, LONG_RUN[way][name])] * TIMES, way, discord, llm, database_url)
