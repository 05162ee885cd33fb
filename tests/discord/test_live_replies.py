"""A reply that is shown while it is written: one message that grows, and is whole in the end or gone."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.discord.bot import Bot
from tests.loopback.llm import HalfStream, Status, Text
from tests.postgres import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM

MANAGE_WEBHOOKS, READ_MESSAGE_HISTORY = 1 << 29, 1 << 16
STORY = " ".join(f"Sentence {n} tells of the lamp and of the sea below it." for n in range(60))  # two messages
GROWS = Text(STORY, between_chunks_s=0.02)


async def switched_on(database_url: str, discord: LoopbackDiscord) -> None:
    """Streaming everywhere, as its owner would set it."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "INSERT INTO settings (tier, subject, values) VALUES ('channel', $1, '{\"streaming\": true}')",
            discord.channel("general").id,
        )
    finally:
        await connection.close()


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def killed_while_it_writes(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, ledger: Any) -> None:
    """A process that has shown the beginning of a story, and never comes to its end."""
    async with Bot(discord, llm, database_url) as bot:
        llm.say(GROWS)
        await discord.say("general", "Alice", "@Maren tell me a story")
        await until(ledger, "SELECT EXISTS (SELECT FROM chunks WHERE message_id IS NOT NULL)")
        await bot.kill()


def said(discord: LoopbackDiscord) -> list[str]:
    return [str(one["content"]) for one in discord.webhook_messages("general")]


def posts(discord: LoopbackDiscord) -> list[Any]:
    return [one for one in discord.requests if one.method == "POST" and one.path.startswith("/webhooks/")]


async def test_a_reply_grows_and_is_whole_in_the_end(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    await switched_on(database_url, discord)
    async with Bot(discord, llm, database_url):
        llm.say(GROWS)
        await discord.say("general", "Alice", "@Maren tell me a story")
        await discord.wait_for(said)
        assert not llm.requests[0].finished_ns, "it is shown before the model has said all"
        seen = {said(discord)[0]}
        async with asyncio.timeout(20):
            while len(said(discord)) < 2:
                seen.add(said(discord)[0])
                await asyncio.sleep(0.05)
        assert len(seen) > 2
        assert " ".join(said(discord)) == STORY
        growing = sorted((text.removesuffix(" …") for text in seen), key=len)
        assert all(whole.startswith(part) for part, whole in pairwise(growing))
        assert len(posts(discord)) == 2, "each message was posted once"
        await discord.say("general", "Alice", "@Maren and then?")
        await discord.wait_for(lambda _: len(llm.requests) == 2)
        assert STORY in " ".join(llm.requests[-1].prompt.split())


async def test_what_cannot_be_finished_is_taken_away(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    await switched_on(database_url, discord)
    async with Bot(discord, llm, database_url):
        llm.default = lambda _request: HalfStream(STORY)
        await discord.say("general", "Alice", "@Maren tell me a story")
        (told,) = await discord.wait_for(lambda d: [m for m in d.bot_messages("general") if not m.get("webhook_id")])
        assert "stopped in the middle" in told["content"]
        assert len(llm.requests) > 1, "it was asked again, and the beginning shown anew"
        assert len(posts(discord)) == 1
        assert not said(discord)
        llm.say("All is well again, and the lamp is lit.")
        await discord.say("general", "Alice", "@Maren hello?")
        await discord.wait_for(said)
        assert said(discord) == ["All is well again, and the lamp is lit."]


async def test_a_second_try_takes_the_place_of_the_first(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    await switched_on(database_url, discord)
    async with Bot(discord, llm, database_url):
        llm.say(HalfStream(STORY))
        llm.say("It was a short story after all, and here it ends, with the lamp lit and the boats at home in the bay.")
        await discord.say("general", "Alice", "@Maren tell me a story")
        await discord.wait_for(lambda d: any("short story" in text for text in said(d)) and "…" not in said(d)[0])
        assert len(said(discord)) == len(posts(discord)) == 1


async def test_what_a_killed_process_showed_goes_where_the_next_one_fails(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, ledger: Any
) -> None:
    await switched_on(database_url, discord)
    await killed_while_it_writes(discord, llm, database_url, ledger)
    llm.default = lambda _request: Status(401)
    async with Bot(discord, llm, database_url):
        await discord.wait_for(lambda d: any("API key" in str(one["content"]) for one in d.bot_messages("general")))
        assert not said(discord)
        assert await ledger.fetchval("SELECT count(*) FROM chunks") == 0


async def test_without_webhooks_it_grows_as_the_bots_own_message(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    """Without Read Message History either: what the bot posted itself it need not look up."""
    quiet = discord.add_channel("quiet", deny_bot=MANAGE_WEBHOOKS | READ_MESSAGE_HISTORY)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO settings (tier, subject, values) VALUES ('operator', '', '{\"streaming\": true}')"
    )
    await connection.close()
    async with Bot(discord, llm, database_url):
        llm.say(GROWS)
        await discord.say(quiet, "Alice", "@Maren tell me a story")

        def whole(d: LoopbackDiscord) -> bool:
            return " ".join(str(one["content"]).removeprefix("**Maren:** ") for one in d.bot_messages(quiet)) == STORY

        await discord.wait_for(whole, timeout=20)


async def test_somebody_takes_the_beginning_away(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    await switched_on(database_url, discord)
    async with Bot(discord, llm, database_url):
        llm.say(GROWS)
        await discord.say("general", "Alice", "@Maren tell me a story")
        (shown,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        await discord.delete(shown)
        await discord.wait_for(lambda d: len(said(d)) == 2, timeout=20)
        assert " ".join(said(discord)) == STORY


async def test_after_five_minutes_the_beginning_goes_and_an_apology_comes(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, ledger: Any
) -> None:
    await switched_on(database_url, discord)
    await killed_while_it_writes(discord, llm, database_url, ledger)
    await ledger.execute("UPDATE turns SET accepted_at = accepted_at - interval '6 minutes'")
    async with Bot(discord, llm, database_url):
        await until(ledger, "SELECT EXISTS (SELECT FROM turns WHERE state = 'apologised')")
        assert not said(discord)
        assert await ledger.fetchval("SELECT count(*) FROM chunks") == 0
