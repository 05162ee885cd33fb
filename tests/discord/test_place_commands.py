"""What managers of channels and servers, and the bot's owner, decide."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot
from tests.discord.person import Person

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def said_by(discord: LoopbackDiscord, count: int, where: str = "general") -> list[tuple[str, str]]:
    """Who said what as a character, once there are so many."""
    posts = await discord.wait_for(lambda d: len(d.webhook_messages(where)) >= count and d.webhook_messages(where))
    return [(str(one["author"]["username"]), str(one["content"])) for one in posts]


async def test_an_active_character_answers_everything_until_it_is_sent_away(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        assert "may manage this channel" in await bob.run("channel activate", character="maren")
        assert "answers everything" in await alice.run("channel activate", character="maren")
        llm.say("Rain soon.")
        await discord.say("general", "Bob", "what weather do we have?")
        assert await said_by(discord, 1) == [("Maren", "Rain soon.")]
        llm.say("Not me.")
        await discord.say("general", "Bob", "@Quill and you?")
        assert (await said_by(discord, 2))[1] == ("Quill", "Not me.")
        await bob.run("channel browse")
        assert "Maren** · <#" in bob.text
        assert "quiet here" in await alice.run("channel deactivate", character="maren")
        assert "Nobody was active" in await alice.run("channel deactivate")
        await discord.say("general", "Bob", "and now?")
        llm.say("Yes?")
        await discord.say("general", "Bob", "@Maren and now?")
        assert [text for _, text in await said_by(discord, 3)] == ["Rain soon.", "Not me.", "Yes?"]


async def test_a_thread_is_as_active_as_its_channel(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("channel activate", character="maren")
        thread = next(one for one in discord.channels.values() if one.parent is discord.general)
        llm.say("In here too.")
        await discord.say(thread, "Bob", "hello thread")
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages(thread))
        assert reply["content"] == "In here too."


async def test_quiet_channels_and_closed_ones(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("channel activate", character="maren")
        assert "they listen" in (await alice.run("channel restrict", answers="addressed")).replace("characters", "they")
        await discord.say("general", "Bob", "nobody asked")
        llm.say("You asked.")
        await discord.say("general", "Bob", "@Maren I ask")
        assert await said_by(discord, 1) == [("Maren", "You asked.")]
        assert "Bob: nobody asked" in llm.requests[0].prompt, "it listens"

        assert "nobody is answered" in await alice.run("channel restrict", answers="nobody", where="the whole server")
        llm.say("Here I may.")
        await discord.say("general", "Bob", "@Maren still here?")
        assert len(await said_by(discord, 2)) == 2, "the channel's own word goes before the server's"
        for _ in range(3):
            await discord.say("quiet", "Bob", "@Maren and here?")
        await discord.wait_for(
            lambda d: any("do not answer in this channel" in m["content"] for m in d.bot_messages("quiet"))
        )
        await alice.run("channel restrict", answers="as the server")
        await discord.say("general", "Bob", "@Maren and now?")
        await discord.wait_for(lambda d: any("do not answer" in m["content"] for m in d.bot_messages("general")))
        assert len(discord.bot_messages("quiet")) == 1, "said once, not with every message"
        bob = Person(discord, "Bob")
        assert "may manage this channel" in await bob.run("channel restrict", answers="all")


async def test_settings_of_places_are_their_managers(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        for words in ("channel settings", "settings server"):
            assert "This is for" in await bob.run(words)
            await alice.run(words)
            await alice.pick("Change …", "answers")
            await alice.press("addressed")
            assert alice.fields["Now"] == "addressed"
        assert alice.fields["Set by"] == "this server"
        await alice.press("Reset")
        assert alice.fields["Set by"] == "the default"
        forged = alice.component("all")
        alice.where = "quiet"
        await alice.run("channel settings")
        message = alice.screen.message
        assert message is not None
        here, there = str(discord.channel("quiet").id), str(discord.general.id)
        for row in message["components"]:
            for one in row["components"]:
                one["custom_id"] = one["custom_id"].replace(here, there)
        await alice.click(alice.component("Change …"), "answers")
        assert "of another place" in alice.told
        assert forged


async def test_somebody_is_denied_for_a_while(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    carol = str(discord.user("Carol").id)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=f"[{carol}]"):
        alice, bob = Person(discord), Person(discord, "Bob")
        assert "This is for" in await bob.run("deny add", user="Alice")
        assert "is not a duration" in await alice.run("deny add", user="Bob", duration="soon")
        assert "always answered" in await alice.run("deny add", user="Carol")
        assert "is not answered" in await alice.run("deny add", user="Bob", duration="2h", reason="Spam.")
        for _ in range(3):
            await discord.say("general", "Bob", "@Maren hello?")
        await discord.wait_for(lambda d: any("Spam." in m["content"] for m in d.bot_messages("general")))
        assert "Spam." in await bob.run("chat", character="maren", message="hello?")
        llm.say("You, yes.")
        await discord.say("general", "Alice", "@Maren hello?")
        assert await said_by(discord, 1) == [("Maren", "You, yes.")]
        assert sum("Spam." in m["content"] for m in discord.bot_messages("general")) <= 2

        await alice.run("deny browse")
        assert "Spam." in alice.text
        assert alice.screen.message is not None
        value = alice.screen.message["components"][0]["components"][0]["options"][0]["value"]
        await alice.pick("Open one", value)
        assert alice.fields["Reason"] == "Spam."
        await alice.press("Answer them again")
        assert "Everybody is answered" in alice.text
        assert "They are answered there" in await alice.run("deny remove", user="Bob")
        await alice.run("deny add", user="Bob", where="this channel")
        assert "is answered again" in await alice.run("deny remove", user="Bob", where="this channel")
        assert "for the owner of this bot" in await alice.run("deny add", user="Bob", where="the whole bot")


async def test_a_character_moves_in_and_says_hello(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("setup start")
        await alice.pick("Open one", "1")
        assert "lives here now" in alice.title
        ((name, greeting),) = await said_by(discord, 1)
        assert name == "Maren"
        llm.say("So you say.")
        await discord.say("general", "Bob", "hello yourself")
        await said_by(discord, 2)
        assert greeting.splitlines()[0] in llm.requests[0].prompt
        alice.where = "quiet"
        await alice.run("setup start", character="quill")
        assert "Quill lives here now" in alice.title
        await alice.run("setup check")
        assert f"<#{discord.channel('unhooked').id}>: Manage Webhooks" in alice.text
        assert f"<#{discord.general.id}>" not in alice.text


async def test_the_owner_sees_and_sets_the_whole_bot(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    carol = str(discord.user("Carol").id)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=f"[{carol}]"):
        alice, owner = Person(discord), Person(discord, "Carol")
        llm.say("Aye.")
        await discord.say("general", "Alice", "@Maren hello")
        await said_by(discord, 1)
        await owner.run("admin servers")
        assert "Playground" in owner.text
        await owner.run("admin health")
        assert owner.fields["Answering"] == "yes"
        assert "Postgres" in owner.fields["Database"]
        async with asyncio.timeout(10):
            while "no record" in await owner.run("admin debug", reference="0001"):
                pass
        assert owner.title == "Maren's last turn"
        await owner.run("admin usage")
        assert owner.fields["Replies"] == "1"
        await owner.run("admin settings")
        await owner.pick("Change …", "history_messages")
        await owner.press("Change")
        await owner.fill(value="7")
        assert owner.fields["Set by"] == "the whole bot"
        await alice.run("settings defaults")
        assert "History messages: **7** · the whole bot" in alice.text
        assert "Beside my name stands: at sea" in await owner.run("admin presence", text="at sea")
        await owner.run("admin cleanup", days=1)
        assert "older than 1 days, 0 in all" in owner.text
        await owner.press("Delete")
        assert "Deleted messages: 0." in owner.text


@pytest.mark.parametrize("words", ["help", "help character"])
async def test_help_names_every_command(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, words: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        command, _, group = words.partition(" ")
        await alice.run(command, **({"group": group} if group else {}))
        if group:
            assert "/character alias add** · Give a character another name" in alice.text
            assert "There is no command /nothing" in await alice.run("help", group="nothing")
        else:
            registered = {f"/{one['name']}" for one in discord.commands[None] if one["type"] == 1}
            assert set(alice.fields) == registered
