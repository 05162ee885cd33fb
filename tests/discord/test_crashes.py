"""What happens to a reply while Discord takes it; every step at which a process may die is in tests/faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.discord.bot import Bot
from tests.loopback.llm import Never

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

POST = r"/webhooks/\d+/[\w.-]+$"
PARAGRAPHS = [f"Part {n}. " + f"The {word} came ashore. " * 70 for n, word in enumerate(["kettle", "anchor", "lamp"])]
LONG = "\n\n".join(paragraph.strip() for paragraph in PARAGRAPHS)


def said(discord: LoopbackDiscord) -> list[str]:
    return [message["content"] for message in discord.webhook_messages("general")]


async def test_the_long_reply_takes_three_messages(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        llm.say(LONG)
        await discord.say("general", "Alice", "@Maren tell me all")
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) == 3)
    assert "\n\n".join(said(discord)) == LONG


async def test_a_lost_answer_of_discord_is_looked_up_and_not_posted_again(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    """The same doubt without a crash: Discord took the message and answered with an error, or with nothing."""
    async with Bot(discord, llm, database_url):
        llm.say(LONG)
        discord.fault("POST", POST, status=500, after_accepting=True)
        discord.fault("POST", POST, status=None, after_accepting=True, skip=1)
        discord.fault("POST", POST, status=502, after_accepting=False, skip=1)
        await discord.say("general", "Alice", "@Maren tell me all")
        await discord.wait_for(lambda d: len(said(d)) >= 3)
        llm.say("Done.")
        await discord.say("general", "Alice", "@Maren done?")
        await discord.wait_for(lambda d: len(said(d)) >= 4)
    assert "\n\n".join(said(discord)[:3]) == LONG
    assert said(discord)[3:] == ["Done."]


async def test_a_question_from_long_before_the_restart_is_apologised_for(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, postgres: object
) -> None:
    import asyncpg

    async with Bot(discord, llm, database_url) as bot:
        llm.say(Never())
        await discord.say("general", "Alice", "@Maren are you awake?")
        await llm.asked()
        await bot.kill()
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE turns SET accepted_at = accepted_at - interval '6 minutes'")
    await connection.close()
    async with Bot(discord, llm, database_url):
        (sorry,) = await discord.wait_for(lambda d: d.bot_messages("general"))
        assert "missed it" in sorry["content"]
    assert said(discord) == []
    assert len(llm.requests) == 1
