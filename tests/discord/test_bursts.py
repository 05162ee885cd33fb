"""People who say one thing in several messages, and people who speak through a proxy."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import asyncpg

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.loopback.llm_answers import Slow

if TYPE_CHECKING:
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM

PLURALKIT = 466378653216014359
SOMEBODY_ELSE = 100000000000000001


async def states(database_url: str) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        return [row["state"] for row in await connection.fetch("SELECT state FROM turns ORDER BY id")]
    finally:
        await connection.close()


def replies(discord: LoopbackDiscord) -> list[dict[str, Any]]:
    """What characters said; a proxy's posts are webhook messages as well."""
    return [m for m in discord.webhook_messages("general") if m.get("application_id") == discord.bot.id]


async def test_what_is_said_in_one_go_is_answered_once(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        await Person(discord).run("channel activate", character="maren")
        await discord.say("general", "Alice", "Hello there.")
        await discord.wait_for(lambda d: len(replies(d)) == 1)
        # while one is being answered, three more come: together they get one answer
        llm.say(Slow("One moment.", 0.5), "I see.")
        await discord.say("general", "Alice", "I was at the harbour.")
        await llm.asked(2)
        for text in ("There was a ship.", "It was red.", "Its name was Oriole."):
            await discord.say("general", "Alice", text)
        await discord.wait_for(lambda d: len(replies(d)) == 3)
        await discord.say("general", "Bob", "And I?")
        await discord.wait_for(lambda d: len(replies(d)) == 4)
        assert len(llm.requests) == 4
        prompt = llm.requests[2].messages[-1]["content"]
        assert prompt.index("There was a ship.") < prompt.index("It was red.") < prompt.index("Its name was Oriole.")
        assert "Alice: It was red." in llm.requests[3].prompt, "what was not answered by itself is still known"
        alice = Person(discord)
        for said in ("There was a ship.", "It was red.", "Its name was Oriole."):
            assert said in await alice.run("memory search", character="maren", text=said), "and remembered"
    expected = ["remembered", "remembered", "merged", "merged", "remembered", "remembered"]
    assert await states(database_url) == expected


async def test_whoever_types_on_is_waited_for(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        await Person(discord).run("channel activate", character="maren")
        await discord.say("general", "Bob", "Hello there.")
        await discord.wait_for(lambda d: len(replies(d)) == 1)
        # the first is not answered before the second comes, because Alice is seen typing
        llm.say(Slow("One moment.", 0.4))
        await discord.say("general", "Bob", "What a day.")
        await llm.asked(2)
        await discord.say("general", "Alice", "I was at the harbour.")
        await discord.types("general", "Alice")
        await discord.wait_for(lambda d: len(replies(d)) == 2)
        await asyncio.sleep(0.3)
        assert len(llm.requests) == 2, "she is not interrupted"
        await discord.say("general", "Alice", "There was a ship.")
        await discord.wait_for(lambda d: len(replies(d)) == 3)
        assert len(llm.requests) == 3
        assert "Alice: I was at the harbour.\nAlice: There was a ship." in _plain(llm.requests[2].messages[-1])
        # who types and says nothing more is answered after a moment
        llm.say(Slow("One moment.", 0.2))
        await discord.say("general", "Bob", "Well, well.")
        await llm.asked(4)
        await discord.say("general", "Alice", "Are you there?")
        await discord.types("general", "Alice")
        await discord.wait_for(lambda d: len(replies(d)) == 5)


def _plain(message: dict[str, Any]) -> str:
    """The people's lines of a message, without what is fenced."""
    lines = str(message["content"]).splitlines()
    return "\n".join(line for line in lines if line.startswith(("Alice:", "Bob:")))


async def test_a_proxy_speaks_for_a_person(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    llm.default = lambda _request: "Good evening."
    async with Bot(discord, llm, database_url):
        # nobody knows yet that Alice speaks like that: the first message is answered, its repetition is not
        first = await discord.say("general", "Alice", "r: @Maren my boat is the Oriole.")
        await discord.say_through(PLURALKIT, "general", "River", "@Maren my boat is the Oriole.")
        await discord.delete(first)
        await discord.wait_for(lambda d: len(replies(d)) == 1)
        # from now on a message of hers waits for its repetition, and that is what is answered
        second = await discord.say("general", "Alice", "r: @Maren which boat is mine?")
        await discord.say_through(PLURALKIT, "general", "River", "@Maren which boat is mine?")
        await discord.delete(second)
        await discord.wait_for(lambda d: len(replies(d)) == 2)
        prompt = llm.requests[-1].prompt
        assert "my boat is the Oriole" in prompt, "what the proxy took away is not forgotten"
        assert "r: @Maren which" not in prompt
        # it is Alice who is remembered
        bob = Person(discord, "Bob")
        assert "Oriole" in await Person(discord).run("memory search", text="boat", character="maren")
        assert "Oriole" not in await bob.run("memory search", text="boat", character="maren")
        # without a repetition she is answered as well, a moment later; nobody else repeats her words for her
        await discord.say("general", "Alice", "r: @Maren and without?")
        await discord.say_through(SOMEBODY_ELSE, "general", "River", "@Maren and without?")
        await discord.wait_for(lambda d: len(replies(d)) == 3)
        assert len(llm.requests) == 3
        assert llm.requests[-1].messages[-1]["content"].endswith("\nAlice: r: @Maren and without?")


async def test_a_proxys_words_are_not_taken_for_somebody_elses(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        # at the same moment Bob says what begins with the same words, and fewer marks
        first = await discord.say("general", "Alice", "A: @Maren no, me")
        await discord.say("general", "Bob", "@Maren no, melon")
        await discord.say_through(PLURALKIT, "general", "River", "@Maren no, me")
        await discord.delete(first)
        await discord.wait_for(lambda d: len(replies(d)) == 2)
        # it was Alice who was found to speak like that
        second = await discord.say("general", "Alice", "A: @Maren again")
        await discord.say_through(PLURALKIT, "general", "River", "@Maren again")
        await discord.delete(second)
        await discord.wait_for(lambda d: len(replies(d)) == 3)
        begun = monotonic()
        await discord.say("general", "Bob", "@Maren good night")
        await discord.wait_for(lambda d: len(replies(d)) == 4)
        assert monotonic() - begun < 1.8, "nobody waits for a repetition of what Bob says"
        assert len(llm.requests) == 4


async def test_nobody_else_passes_for_a_proxy(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        await discord.say("general", "Alice", "I said: @Maren hello")
        await discord.wait_for(lambda d: len(replies(d)) == 1)
        await discord.say_through(SOMEBODY_ELSE, "general", "River", "@Maren hello")
        await discord.say_through(PLURALKIT, "general", "River", "@Maren this was never said by anybody")
        await discord.say("general", "Bob", "@Maren are you there?")
        await discord.wait_for(lambda d: len(replies(d)) == 2)
        assert len(llm.requests) == 2
        assert "Bob: @Maren are you there?" in llm.requests[-1].messages[-1]["content"]
