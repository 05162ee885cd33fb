"""What characters remember is looked through, corrected, forgotten, taken along, and kept from being kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from tests.discord.bot import Bot
from tests.discord.person import Person
from tzurot.app import App
from tzurot.config import Config, DatabaseSection

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def says(
    discord: LoopbackDiscord, llm: ScriptedLLM, text: str, who: str = "Alice", where: str = "general"
) -> str:
    """Say something to Maren and wait for her; the prompt it made."""
    before = len(discord.webhook_messages(where))
    asked = len(llm.requests)
    llm.say("Aye.")
    await discord.say(where, who, f"@Maren {text}")
    await discord.wait_for(lambda d: len(d.webhook_messages(where)) > before)
    return llm.requests[asked].prompt


async def remembered(person: Person, memories: int) -> None:
    """Until so many lines are remembered: that happens behind the reply."""
    async with asyncio.timeout(10):
        await person.run("memory stats", character="maren")
        while not person.fields["Memories"].startswith(f"{memories} "):
            await person.run("memory stats", character="maren")


async def test_memories_are_browsed_edited_locked_and_forgotten(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        await says(discord, llm, "my lucky stone is a piece of green glass from Tartu")
        await remembered(alice, 2)
        await alice.run("memory browse", character="maren")
        assert "my lucky stone" in alice.text
        await bob.run("memory browse", character="maren")
        assert "my lucky stone" not in bob.text
        assert alice.screen.message is not None
        mine = next(
            one["value"]
            for one in alice.screen.message["components"][0]["components"][0]["options"]
            if "lucky stone" in one["label"]
        )
        await alice.pick("Open one", mine)
        await alice.pick("Edit …", "text")
        await alice.fill(text="my lucky stone is a piece of blue glass from Tartu")
        await alice.press("Lock / unlock")
        assert "Locked" in alice.text
        await alice.run("memory search", character="maren", text="lucky stone")
        assert "blue glass" in alice.text
        assert "gone" in await alice.run("memory forget", character="maren", since="the last hour")
        await alice.run("memory browse", character="maren")
        assert "blue glass" in alice.text, "what is locked stays"
        assert alice.screen.message is not None
        await alice.pick("Open one", mine)
        await alice.press("Forget")
        assert "will not be learned again" in alice.text
        await alice.run("memory browse", character="maren")
        assert "glass" not in alice.text


async def test_facts_are_corrected_and_forgotten(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await says(discord, llm, "I live in Lisbon and my dog is called Rex")
        await remembered(alice, 2)
        await alice.run("memory facts", character="maren")
        assert "Lisbon" in alice.text
        assert alice.screen.message is not None
        options = alice.screen.message["components"][0]["components"][0]["options"]
        home = next(one["value"] for one in options if "Lisbon" in one["label"])
        await alice.pick("Open one", home)
        assert "> " in alice.text, "the words it was read from"
        await alice.pick("Edit …", "value")
        assert "You wrote it yourself" in await alice.fill(value="Porto")
        await alice.run("memory facts", character="maren")
        assert "Porto" in alice.text
        assert "Lisbon" not in alice.text
        assert "Porto" in await says(discord, llm, "where is my home?", where="quiet")
        await says(discord, llm, "I live in Lisbon, you know")
        await remembered(alice, 6)
        await alice.run("memory facts", character="maren")
        assert "Lisbon" not in alice.text, "a correction wins"


async def test_everything_is_exported_purged_and_brought_back(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await says(discord, llm, "my violin teacher was Doctor Prowse")
        await remembered(alice, 2)
        await alice.run("memory export", character="maren")
        assert alice.screen.message is not None
        (file,) = alice.screen.message["attachments"]
        content = discord.file_of(file)
        assert b"Doctor Prowse" in content
        await alice.run("memory purge", character="maren")
        await alice.press("Forget …")
        await alice.fill(phrase="forget me")
        assert "has forgotten 2 memories" in alice.text
        answer = await alice.run("memory import", character="quill", file=("m.jsonl", content, "application/jsonl"))
        assert "remembers 2 more lines" in answer
        assert "is no memory" in await alice.run("memory import", character="quill", file=("m", b"x\n", "text/plain"))
        await alice.run("memory search", character="quill", text="who taught me the violin?")
        assert "Doctor Prowse" in alice.text


async def test_incognito_leaves_nothing_and_fresh_looks_nothing_up(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    discord.add_channel("harbour")
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await says(discord, llm, "my favourite colour is ultramarine")
        await remembered(alice, 2)
        assert "Nothing you say is kept" in await alice.run("memory incognito", how_long="an hour")
        await says(discord, llm, "the treasure lies under the third oak")
        assert "is kept again" in await alice.run("memory incognito", how_long="off")
        # it still stands in that channel, for whoever reads it there
        assert "third oak" not in await says(discord, llm, "where does the treasure lie?", where="quiet")
        await remembered(alice, 4)
        assert "ultramarine" in await says(discord, llm, "what is my favourite colour?", where="quiet")
        assert "Nothing is remembered" in await alice.run(
            "memory fresh", how_long="until I turn it off", character="maren"
        )
        assert "ultramarine" not in await says(discord, llm, "what is my favourite colour now?", where="harbour")
        assert "look back again" in await alice.run("memory fresh", how_long="off", character="maren")


@pytest.mark.parametrize("everywhere", [False, True])
async def test_what_was_said_in_private_stays_there_unless_its_owner_allows_it(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, everywhere: bool
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        there = discord.dm_with("Alice")
        llm.say("I keep secrets.")
        await discord.say(there, "Alice", "my locker's combination is seven nine two one")
        await discord.wait_for(lambda d: any("secrets" in m["content"] for m in d.bot_messages(there)))
        await remembered(alice, 2)
        if everywhere:
            await alice.run("settings defaults")
            await alice.pick("Change …", "memory_everywhere")
            await alice.press("on")
        assert ("seven nine" in await says(discord, llm, "what is my locker's combination?")) is everywhere


async def test_a_reply_is_asked_why(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        await says(discord, llm, "I live in Lisbon and my lucky stone is a piece of green glass")
        await remembered(alice, 2)
        await says(discord, llm, "what is my lucky stone made of?", where="quiet")
        await remembered(alice, 4)
        (reply,) = discord.webhook_messages("quiet")
        alice.where = bob.where = "quiet"
        await alice.menu("Why", reply)
        assert "green glass" in alice.text
        assert "home: Lisbon" in alice.text
        assert "no reply to you" in await bob.menu("Why", reply)
        await alice.run("memory why")
        assert alice.title == "Why Maren said so"
        assert alice.screen.message is not None
        options = alice.screen.message["components"][0]["components"][0]["options"]
        assert "relevance" in options[0]["description"]
        await alice.pick("Correct or forget", options[0]["value"])
        await alice.press("Forget")
        assert "will not be learned again" in alice.text


async def test_what_was_tidied_up_is_brought_back(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        for number in (2, 4):
            await says(discord, llm, "the ferry to the island leaves at dawn")
            await remembered(alice, number)
        async with App(Config(database=DatabaseSection(url=SecretStr(database_url))), exclusive=False) as core:
            assert (await core.dreams.night(0, datetime.now(UTC)))[0] == 1
        await alice.run("memory stats", character="maren")
        assert "1 archived" in alice.fields["Memories"]
        await bob.run("memory tidied", character="maren")
        assert "Nothing yet." in bob.text
        await alice.run("memory tidied", character="maren")
        assert "Doubles put away: 1" in alice.text
        assert alice.screen.message is not None
        await alice.pick("Open one", alice.screen.message["components"][0]["components"][0]["options"][0]["value"])
        assert "> @Maren the ferry to the island leaves at dawn" in alice.text
        await alice.press("Bring back")
        assert "Brought back: 1." in alice.text
        await alice.run("memory stats", character="maren")
        assert "0 archived" in alice.fields["Memories"]
