"""`kill -9` at every step of a turn: the next process ends it, with the whole reply, once, and remembered once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.discord.bot import Bot
from tests.discord.test_crashes import LONG
from tests.faults.points import (
    ANEW,
    BOTH,
    COMMANDED,
    IN_PRIVATE,
    LIVE,
    MORE_ANEW,
    MORE_COMMANDED,
    MORE_IN_PRIVATE,
    MORE_LIVE,
    MORE_POINTS,
    POINTS,
    Outside,
)
from tests.loopback.fixtures import discord, llm
from tests.loopback.llm import Text
from tests.postgres import until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from tests.faults.points import Point
    from tests.loopback import LoopbackDiscord, ScriptedLLM

    Kill = tuple[str, type["Asked"], Point]

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
ENDS_OF_BOTH = """
SELECT array(SELECT message_id FROM turns t JOIN chunks c ON c.turn_id = t.id WHERE origin_id = $1) AS posted,
 array(SELECT text FROM messages WHERE origin_id >= $1 ORDER BY id) AS history,
 array(SELECT text FROM memories WHERE origin_id >= $1) AS memories
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


class Live(Asked):
    """A reply that is shown while it is written."""

    where = "live"

    def __init__(self, outside: Outside, words: str) -> None:
        super().__init__(outside, words)
        with suppress(LookupError):
            self.channel = outside.discord.channel(self.where)
            return
        self.channel = outside.discord.add_channel(self.where)

    async def prepare(self) -> None:
        await self.outside.ledger.execute(
            "INSERT INTO settings (tier, subject, values) VALUES ('channel', $1, '{\"streaming\": true}')"
            " ON CONFLICT DO NOTHING",
            self.channel.id,
        )

    async def ask(self) -> None:
        self.outside.llm.say(Text(LONG, between_chunks_s=0.002))  # slowly enough for its beginning to be shown
        await super().ask()


class Both(Asked):
    """A message to two characters."""

    def __init__(self, outside: Outside, words: str) -> None:
        super().__init__(outside, words.replace("@Maren", "@Maren @Quill"))

    async def check(self) -> None:
        over = "SELECT count(*) = 2 FROM turns WHERE origin_id = $1 AND state = 'remembered'"
        await until(self.outside.ledger, over, self.origin_id)
        posts = [one for one in self.outside.discord.bot_messages(self.where) if int(one["id"]) > self.origin_id]
        assert [one["author"]["username"] for one in posts] == ["Maren"] * 3 + ["Quill"] * 3
        assert "\n\n".join(one["content"] for one in posts) == f"{LONG}\n\n{LONG}"
        row = await self.outside.ledger.fetchrow(ENDS_OF_BOTH, self.origin_id)
        assert sorted(row["posted"]) == [int(one["id"]) for one in posts]
        assert [in_a_row(text) for text in row["history"]] == [self.words, in_a_row(LONG), in_a_row(LONG)]
        assert sorted(in_a_row(text) for text in row["memories"]) == [self.words] * 2 + [in_a_row(LONG)] * 2


# what is killed once in every run; each of it and of the rest many times in the long one
ONCE = {Asked: POINTS, Anew: ANEW, Commanded: COMMANDED, InPrivate: IN_PRIVATE, Live: LIVE}
REST = {
    Asked: MORE_POINTS,
    Anew: MORE_ANEW,
    Commanded: MORE_COMMANDED,
    InPrivate: MORE_IN_PRIVATE,
    Live: MORE_LIVE,
    Both: BOTH,
}


def in_a_row(text: str) -> str:
    return " ".join(text.split())


def kills(of: dict[type[Asked], dict[str, Point]]) -> list[Kill]:
    return [(name, way, point) for way, points in of.items() for name, point in points.items()]


async def killed_at(kills: Iterable[Kill], discord: LoopbackDiscord, llm: ScriptedLLM, url: str) -> None:
    """Kill at one point after the other; each process ends what the one before was killed in."""
    llm.default = lambda _request: LONG
    ledger = await asyncpg.connect(url)
    try:
        await _killed_at(kills, Outside(discord, llm, ledger), url)
    finally:
        await ledger.close()


async def _killed_at(kills: Iterable[Kill], outside: Outside, url: str) -> None:
    # where a character has spoken, a later process reads what it missed
    killed, turn = "nothing yet", Asked(outside, "@Maren to begin with")
    for number, kill in enumerate([*kills, None]):
        async with Bot(outside.discord, outside.llm, url) as bot:
            if not number:
                await turn.ask()
            try:
                await turn.check()
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"killed at “{killed}”: {error!r}\n{outside.discord.summary()}") from error
            assert not bot.complaints, f"after it was killed at “{killed}”: {bot.complaints}"
            if kill is None:
                break
            killed, way, point = kill
            turn = way(outside, f"@Maren question {number}")
            await turn.prepare()
            async with point(outside) as reached:
                await turn.ask()
                await reached()
                await bot.kill()


@pytest.mark.timeout(300)
async def test_killed_once_at_every_point(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    await killed_at(kills(ONCE), discord, llm, database_url)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kill", [*kills(ONCE), *kills(REST)], ids=lambda kill: kill[0])
async def test_killed_again_and_again_at_one_point(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, kill: Kill
) -> None:
    await killed_at([kill] * TIMES, discord, llm, database_url)
