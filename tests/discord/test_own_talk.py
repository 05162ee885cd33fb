"""What everybody sets and sees of their own talk: settings, history, usage, how a reply was made."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.discord.test_own_commands import attached, replies

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def test_settings_are_changed_and_reset(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        assert "not a value for Time zone" in await alice.run("settings timezone", zone="Mars/Olympus")
        assert "Europe/Berlin" in await alice.run("settings timezone", zone="Europe/Berlin")
        await alice.run("settings defaults")
        assert "Time zone: **Europe/Berlin** · you" in alice.text
        assert "History messages: **50** · the default" in alice.text
        await alice.pick("Change …", "history_messages")
        await alice.press("Change")
        await alice.fill(value="501")
        assert "a whole number from 1 to 500" in alice.told
        await alice.run("settings defaults")
        await alice.pick("Change …", "history_messages")
        await alice.press("Change")
        await alice.fill(value="2")
        assert alice.fields == {"Now": "2", "Set by": "you", "Possible": "a whole number from 1 to 500"}
        await alice.press("Back")
        await alice.pick("Change …", "footer")
        await alice.press("on")
        for number in range(3):
            llm.say(f"Answer {number}.")
            await discord.say("general", "Alice", f"@Maren question {number}")
            said = await replies(discord, number + 1)
        assert said[-1] == "Answer 2.\n-# scripted"
        assert "Answer 1." in llm.requests[-1].prompt
        assert "question 1" in llm.requests[-1].prompt
        assert "Answer 0." not in "\n".join(str(one["content"]) for one in llm.requests[-1].messages[1:-1])

        await alice.run("character overrides", character="maren")
        await alice.pick("Change …", "footer")
        assert alice.fields["Set by"] == "you"
        await alice.press("off")
        assert alice.fields["Set by"] == "you with this character"
        await alice.press("Reset")
        assert alice.fields["Set by"] == "you"


async def test_a_character_is_tuned_by_its_maker(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        await alice.run("character import", file=attached("n.json", {"name": "Nyx"}))
        assert "may not change" in await bob.run("character settings", character="nyx")
        await alice.run("character settings", character="nyx")
        await alice.pick("Change …", "reply_language")
        await alice.press("Change")
        await alice.fill(value="Finnish")
        llm.say("Hei.")
        await discord.say("general", "Bob", "@Nyx hello")
        await replies(discord)
        assert "Finnish" in llm.requests[-1].prompt


async def test_history_is_hidden_shown_counted_and_deleted(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        llm.say("A blue one.", "Which boat?", "The blue one.", "Who are you?")
        await discord.say("general", "Alice", "@Maren remember my boat, the Petrel")
        await replies(discord)
        async with asyncio.timeout(10):  # it is kept behind the reply
            while alice.last is None or alice.fields["You said"] != "1 messages":
                await alice.run("history stats", character="maren")
        assert "reads nothing of what was said" in await alice.run("history clear", character="maren")
        await discord.say("general", "Alice", "@Maren what of it?")
        await replies(discord, 2)
        assert "A blue one." not in "\n".join(str(one["content"]) for one in llm.requests[1].messages[1:-1])
        assert "reads again" in await alice.run("history undo", character="maren")
        await discord.say("general", "Alice", "@Maren and now?")
        await replies(discord, 3)
        assert "A blue one." in "\n".join(str(one["content"]) for one in llm.requests[2].messages[1:-1])
        assert "Nothing is hidden" in await alice.run("history undo", character="maren")

        await alice.run("history purge", character="maren")
        await alice.press("Delete …")
        await alice.fill(phrase="yes please")
        assert "nothing was changed" in alice.told
        await alice.run("history purge", character="maren")
        await alice.press("Delete …")
        await alice.fill(phrase="Delete our history")
        assert "Deleted of you and **Maren**: 6 messages." in alice.text
        await alice.run("history stats", character="maren")
        assert alice.fields["You said"] == "0 messages"
        assert "No character has answered you yet" in await alice.run("inspect")


@pytest.mark.parametrize("by", ["character", "model"])
async def test_usage_is_a_chart_a_file_and_figures(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, by: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        assert "Nothing was asked" in await alice.run("usage")
        llm.say("Aye.")
        await discord.say("general", "Alice", "@Maren hello")
        await replies(discord)
        async with asyncio.timeout(10):  # what was used is written behind the reply
            while "No character has answered you yet" in await alice.run("inspect"):
                pass
        await alice.run("usage", period="month", by=by)
        assert alice.fields["Replies"] == "1"
        assert "tokens" in alice.fields[f"By {by}"]
        assert alice.screen.message is not None
        assert alice.screen.message["embeds"][0]["image"]["url"].endswith("usage.png")
        assert "usage.csv" in [one["filename"] for one in alice.screen.message["attachments"]]


async def test_a_reply_is_inspected_from_its_menu(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        llm.say("Aye.")
        question = await discord.say("general", "Alice", "@Maren hello")
        await replies(discord)
        (reply,) = discord.webhook_messages("general")
        async with asyncio.timeout(10):
            while "No character has answered you yet" in await alice.run("inspect"):
                pass
        await alice.menu("Inspect", reply)
        assert alice.title == "Maren's last turn"
        assert "no reply to you" in await bob.menu("Inspect", reply)
        assert "no reply to you" in await alice.menu("Inspect", question)


async def test_a_conversation_is_taken_out_with_its_versions_and_into_memory(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        assert "have not talked yet" in await alice.run("history export", character="maren")
        llm.say("The kettle first.", "No, the lamp first.")
        await discord.say("general", "Alice", "@Maren what is first?")
        await replies(discord)
        (reply,) = discord.webhook_messages("general")
        async with asyncio.timeout(10):
            while "Version 2 of 2" not in await alice.menu("Regenerate", reply):
                pass
        async with asyncio.timeout(10):
            await alice.run("history export", character="maren", kind="jsonl, with all versions")
            assert alice.screen.message is not None
            content = discord.file_of(alice.screen.message["attachments"][0])
            while b"the lamp first" not in content.splitlines()[-1]:
                await alice.run("history export", character="maren")
                content = discord.file_of(alice.screen.message["attachments"][0])
        _, asked, answered = map(json.loads, content.splitlines())
        assert (asked["mes"], asked["is_user"]) == ("@Maren what is first?", True)
        assert answered["mes"] == "No, the lamp first."
        assert answered["swipes"] == ["The kettle first.", "No, the lamp first."]
        assert answered["swipe_id"] == 1
        await alice.run("history export", character="maren", kind="plain text")
        assert alice.screen.message is not None
        assert b"Maren: No, the lamp first." in discord.file_of(alice.screen.message["attachments"][0])
        given = ("chat.jsonl", content, "application/jsonl")
        assert "remembers 2 more lines" in await alice.run("memory import", character="quill", file=given)
