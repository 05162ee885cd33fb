"""What people change and take back, and what they say while the bot is away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot
from tests.discord.person import Person

if TYPE_CHECKING:
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def answered(
    discord: LoopbackDiscord, llm: ScriptedLLM, text: str, answer: str, who: str = "Alice"
) -> dict[str, Any]:
    """The message that was answered."""
    before = len(discord.webhook_messages("general"))
    llm.say(answer)
    message = await discord.say("general", who, text)
    await discord.wait_for(lambda d: len(d.webhook_messages("general")) > before)
    return message


async def until_forgotten(discord: LoopbackDiscord, llm: ScriptedLLM, words: str) -> None:
    """Ask until a prompt no longer holds the words: an event comes when it comes."""
    async with asyncio.timeout(10):
        while True:
            await answered(discord, llm, "@Maren what do you know?", "Nothing.")
            if words not in llm.requests[-1].prompt:
                return


async def test_what_is_deleted_is_forgotten(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        secret = await answered(discord, llm, "@Maren my locker's number is 4711", "Noted.")
        await answered(discord, llm, "@Maren what is my locker's number?", "4711, you said.")
        assert "number is 4711" in llm.requests[-1].prompt
        await discord.delete(secret)
        await until_forgotten(discord, llm, "number is 4711")


async def test_what_is_edited_says_what_it_says_now(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        message = await answered(discord, llm, "@Maren my boat is called Gull", "A fine name.")
        await discord.edit(message, "@Maren my boat is called Petrel")
        await until_forgotten(discord, llm, "called Gull")
        assert "my boat is called Petrel" in llm.requests[-1].prompt


async def test_a_bystanders_edit_and_deletion_count_too(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        await answered(discord, llm, "@Maren hello", "Hello.")
        first = await discord.say("general", "Bob", "the ferry leaves at five")
        second = await discord.say("general", "Bob", "or was it six")
        await discord.edit(first, "the ferry leaves at nine")
        await discord.delete(second)
        await until_forgotten(discord, llm, "or was it six")
        assert "the ferry leaves at nine" in llm.requests[-1].prompt
        assert "at five" not in llm.requests[-1].prompt


async def test_what_was_said_while_it_was_away_is_answered_once(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await answered(discord, llm, "@Maren hello", "Hello.")
        await alice.run("channel activate", character="quill")
        crowd = discord.add_channel("crowd")
        await discord.say(crowd, "Bob", "@Maren come here")
        await discord.wait_for(lambda d: d.webhook_messages(crowd))
    for number in range(120):
        await discord.say(crowd, "Bob", f"chatter {number}")
    await discord.say(crowd, "Alice", "@Maren do you hear me above this?")
    await discord.say("general", "Alice", "@Maren did you miss this?")
    await discord.say("general", "Bob", "anybody here?")
    await discord.say("quiet", "Bob", "@Maren nobody has spoken here")
    llm.default = lambda request: f"I heard: {request.messages[-1]['content'].splitlines()[-1]}"
    async with Bot(discord, llm, database_url):
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) >= 3)
        await discord.wait_for(lambda d: len(d.webhook_messages(crowd)) >= 2)
    async with Bot(discord, llm, database_url):
        await answered(discord, llm, "@Maren and now?", "Now.")
    assert len(discord.webhook_messages(crowd)) == 2
    said = [(one["author"]["username"], one["content"]) for one in discord.webhook_messages("general")]
    assert said == [
        ("Maren", "Hello."),
        ("Maren", "I heard: Alice: @Maren did you miss this?"),
        ("Quill", "I heard: Bob: anybody here?"),
        ("Maren", "Now."),
    ]


async def test_too_much_in_a_minute_is_said_once(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url, TZUROT_CONVERSATION__TURNS_PER_MINUTE="3"):
        for number in range(9):
            await discord.say("general", "Alice", f"@Maren {number}")
        await discord.say("general", "Bob", "@Maren and I?")
        posts = await discord.wait_for(
            lambda d: len(d.webhook_messages("general")) == 4 and d.webhook_messages("general")
        )
        assert "Bob: @Maren and I?" in posts[-1]["content"]
        assert sum("a lot in a short time" in m["content"] for m in discord.bot_messages("general")) == 1


@pytest.mark.parametrize("talkative", ["1", "0"])
async def test_of_several_active_characters_those_speak_who_feel_like_it(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, talkative: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        for name in ("maren", "quill"):
            await alice.run("channel activate", character=name)
        await alice.run("channel settings")
        await alice.pick("Change …", "talkativeness")
        await alice.press("Change")
        await alice.fill(value=talkative)
        llm.default = lambda _request: "Aye."
        await discord.say("general", "Bob", "Quill, what do you say?")
        expected = {"Quill", "Maren"} if talkative == "1" else {"Quill"}
        posts = await discord.wait_for(
            lambda d: len(d.webhook_messages("general")) >= len(expected) and d.webhook_messages("general")
        )
        assert posts[0]["author"]["username"] == "Quill", "who is named speaks first"
        assert {one["author"]["username"] for one in posts} == expected


async def test_what_a_message_holds_is_told(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        await answered(discord, llm, "@Maren hello", "Hello.")
        original = await discord.say("quiet", "Bob", "The lighthouse is closed on Mondays.")
        await discord.say("general", "Bob", forward=original)
        await answered(discord, llm, "@Maren what did Bob forward?", "A notice.")
        assert "[forwarded message: The lighthouse is closed on Mondays.]" in llm.requests[-1].prompt
