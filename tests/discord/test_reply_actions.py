"""A reply is made anew, leafed through, continued and taken back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.loopback.llm import Text

if TYPE_CHECKING:
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.interactions import LoopbackInteraction

EPHEMERAL = 64
PARTS = [f"Part {n}. " + f"The {word} came ashore. " * 70 for n, word in enumerate(["kettle", "anchor", "lamp"])]
LONG = "\n\n".join(part.strip() for part in PARTS)


def said(discord: LoopbackDiscord, where: str = "general") -> list[str]:
    return [str(one["content"]) for one in discord.webhook_messages(where)]


def talked(llm: ScriptedLLM) -> str:
    """The history of the last prompt."""
    return "\n".join(str(one["content"]) for one in llm.requests[-1].messages[1:-1])


async def answered(discord: LoopbackDiscord, llm: ScriptedLLM, text: str, answer: str) -> dict[str, Any]:
    before = len(said(discord))
    llm.say(answer)
    await discord.say("general", "Alice", text)
    posts = await discord.wait_for(lambda d: len(said(d)) > before and d.webhook_messages("general"))
    return posts[before]


NOT_YET = ("still being made", "no reply of a character's", "no reply to you")


async def settled(person: Person, name: str, message: dict[str, Any]) -> str:
    """A menu entry, once the reply is remembered: that happens behind it."""
    async with asyncio.timeout(10):
        answer = await person.menu(name, message)
        while any(words in answer for words in NOT_YET):
            answer = await person.menu(name, message)
    return answer


async def test_versions_take_each_others_place(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        await answered(discord, llm, "@Maren hello", "Hello once.")
        reply = await answered(discord, llm, "@Maren what do you see?", "First sight.")
        assert "made for somebody else" in await settled(bob, "Regenerate", reply)
        llm.say("Second sight.")
        assert "Version 2 of 2" in await settled(alice, "Regenerate", reply)
        assert said(discord) == ["Hello once.", "Second sight."]
        assert "Hello once." in talked(llm)
        assert "First sight." not in talked(llm), "the version before is no part of what was said before"
        await alice.press("◀ Previous")
        assert "Version 1 of 2" in alice.text
        assert said(discord) == ["Hello once.", "First sight."]
        llm.say("Third sight.")
        await alice.press("🔁")
        assert "Version 3 of 3" in alice.text
        await alice.press("◀ Previous")
        assert said(discord) == ["Hello once.", "Second sight."]
        await answered(discord, llm, "@Maren and then?", "Then nothing.")
        assert "Second sight." in talked(llm)
        assert "First sight." not in llm.requests[-1].prompt
        assert "Third sight." not in llm.requests[-1].prompt


async def test_versions_of_other_lengths(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        reply = await answered(discord, llm, "@Maren tell me", "Short.")
        llm.say(LONG)
        await settled(alice, "Regenerate", reply)
        assert "\n\n".join(said(discord)) == LONG
        await alice.press("◀ Previous")
        assert said(discord) == ["Short."]
        await alice.press("▶ Next")
        assert "\n\n".join(said(discord)) == LONG
        await answered(discord, llm, "@Maren more?", "No more.")
        assert "Short." not in llm.requests[-1].prompt


async def test_a_character_goes_on_and_is_taken_back(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        reply = await answered(discord, llm, "@Maren tell me", "Once there was a boat.")
        llm.say("It sank.")
        assert "It went on" in await settled(alice, "Continue", reply)
        assert said(discord) == ["Once there was a boat.", "It sank."]
        assert "Once there was a boat." in talked(llm)
        await answered(discord, llm, "@Maren and?", "That is all.")
        assert "(Go on.)" not in llm.requests[-1].prompt, "nobody said so"
        assert "It sank." in talked(llm)
        assert "made for somebody else" in await settled(bob, "Delete reply", discord.webhook_messages("general")[1])
        sunk = discord.webhook_messages("general")[1]
        assert "It is gone" in await settled(alice, "Delete reply", sunk)
        assert said(discord) == ["Once there was a boat.", "That is all."]
        await answered(discord, llm, "@Maren what sank?", "Nothing.")
        assert "It sank." not in llm.requests[-1].prompt
        question = await discord.say("general", "Alice", "no reply at all")
        assert "no reply of a character's" in await alice.menu("Delete reply", question)


async def test_a_manager_takes_anybodys_reply_back(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)  # who owns the server
        llm.say("To Bob.")
        await discord.say("general", "Bob", "@Maren hello")
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert "made for somebody else" in await settled(alice, "Regenerate", reply)
        assert "It is gone" in await settled(alice, "Delete reply", reply)
        assert said(discord) == []


async def test_in_a_dm_replies_are_changed_too(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        there = discord.dm_with("Alice")
        alice = Person(discord, where=there)
        llm.say("In private.")
        await discord.say(there, "Alice", "hello?")
        (reply,) = await discord.wait_for(lambda d: d.bot_messages(there))
        llm.say("Quite alone.")
        await settled(alice, "Regenerate", reply)
        assert [one["content"] for one in discord.bot_messages(there) if "Maren" in one["content"]] == [
            "**Maren:** Quite alone."
        ]
        await alice.press("🗑")
        assert not [one for one in discord.bot_messages(there) if "Maren" in one["content"]]


async def test_signs_under_a_reply_do_what_its_menu_does(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        reply = await answered(discord, llm, "@Maren what do you see?", "First sight.")
        await settled(Person(discord), "Why", reply)
        await Person(discord, "Bob").run("persona browse")
        llm.default = lambda _request: "Second sight."
        await discord.react(reply, "Bob", "🔁")
        await discord.react(reply, "Alice", "🔁")
        await discord.wait_for(lambda d: said(d) == ["Second sight."])
        await discord.react(reply, "Alice", "◀️")
        await discord.wait_for(lambda d: said(d) == ["First sight."])
        assert len(llm.requests) == 2, "Bob's sign did nothing"
        await discord.react(reply, "Alice", "⏩")
        await discord.wait_for(lambda d: said(d) == ["First sight.", "Second sight."])
        await discord.react(reply, "Bob", "❤️")
        await discord.react(reply, "Carol", "❤️")
        await discord.react(reply, "Carol", "👎")
        await discord.react(reply, "Carol", "👎", remove=True)
        await answered(discord, llm, "@Maren and now?", "Now?")
        heard = [line for message in llm.requests[-1].messages[1:] for line in message["content"].splitlines()]
        assert "(under that: 🔁 Bob, Alice; ◀️ Alice; ⏩ Alice; ❤️ Bob, Carol)" in heard
        await discord.react(discord.webhook_messages("general")[0], "Alice", "🗑️")
        await discord.wait_for(lambda d: said(d) == ["Second sight.", "Now?"])


async def test_buttons_below_a_reply(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    """In private by default; they outlive the process, and leave the reply as it is."""
    private = discord.dm_with("Alice")
    alice = Person(discord, where=private)

    def spoken() -> list[dict[str, Any]]:
        return [one for one in discord.messages(private) if one["content"].startswith("**Maren")]

    async def press(sign: str) -> LoopbackInteraction:
        buttons = [button for row in spoken()[-1]["components"] for button in row["components"]]
        custom_id = next(button["custom_id"] for button in buttons if button["label"] == sign)
        return await discord.click(private, "Alice", spoken()[-1], custom_id)

    async def told(sign: str) -> str:
        """What a button tells whoever pressed it, beside the reply."""
        pressed = await press(sign)
        await discord.wait_for(lambda _: pressed.followups)
        (shown,) = pressed.followups
        assert shown["flags"] & EPHEMERAL
        return str(shown["embeds"])

    llm.default = lambda _request: f"Sight {len(llm.requests)}."
    async with Bot(discord, llm, database_url):
        await discord.say(private, "Alice", "@Maren what do you see?")
        await discord.wait_for(lambda _: spoken())
        await settled(alice, "Remember this", spoken()[0])
    async with Bot(discord, llm, database_url):
        await press("🔁")
        await discord.wait_for(lambda _: spoken()[0]["content"] == "**Maren:** Sight 2.")
        await press("◀")
        await discord.wait_for(lambda _: spoken()[0]["content"] == "**Maren:** Sight 1.")
        assert [len(row["components"]) for row in spoken()[0]["components"]] == [5, 2]
        assert "Why Maren said so" in await told("❔")
        await alice.run("memory stats", character="maren")
        assert "(1 locked" in alice.fields["Memories"], "the question is; the answer is another one now"
        assert "kept for good" in await told("🧠")
        await alice.run("memory stats", character="maren")
        assert "(2 locked" in alice.fields["Memories"]
        reply = await answered(discord, llm, "@Maren hello", "Hello.")
        assert not reply["components"], "in a server they would stand in everybody's way"


async def test_a_reply_made_anew_does_not_remember_the_one_it_replaces(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await answered(discord, llm, "@Maren my sister Nora lives in Lisbon near the harbour", "Noted.")
        reply = await answered(discord, llm, "@Maren where does my sister Nora live?", "Nora lives in Oporto, I think.")
        await answered(discord, llm, "@Maren I said that Nora lives in Lisbon near the harbour!", "Ah, Lisbon it is.")
        await settled(alice, "Why", discord.webhook_messages("general")[-1])
        llm.say("In Lisbon.")
        await settled(alice, "Regenerate", reply)
        prompt = llm.requests[-1].prompt
        assert "Nora lives in Lisbon" in prompt
        assert "Oporto" not in prompt
        assert "I said that" not in prompt


async def test_buttons_stand_below_the_last_message_of_whichever_version(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    private = discord.dm_with("Alice")
    alice = Person(discord, where=private)

    def stands() -> list[bool]:
        spoken = [one for one in discord.messages(private) if one["content"].startswith("**Maren")]
        return [bool(one["components"]) for one in spoken]

    async with Bot(discord, llm, database_url):
        llm.say("Short.")
        await discord.say(private, "Alice", "@Maren tell me")
        await discord.wait_for(lambda _: stands() == [True])
        reply = next(one for one in discord.messages(private) if one["content"].startswith("**Maren"))
        llm.say(LONG)
        await settled(alice, "Regenerate", reply)
        assert stands() == [False, False, True]
        await alice.press("◀ Previous")
        assert stands() == [True]


async def test_what_is_deleted_while_a_turn_runs_is_not_told_to_the_next_one(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.default = lambda _request: "Aye."
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        old = await discord.say("general", "Alice", "@Maren the treasure lies below the oak")
        await discord.wait_for(said)
        await settled(alice, "Why", discord.webhook_messages("general")[0])
        for number in range(3):
            llm.say(Text("Wait a moment.", between_chunks_s=0.1))
            await discord.say("general", "Alice", f"@Maren what is {number} and one?")
            if not number:
                await discord.delete(old)
            await discord.say("general", "Alice", f"@Maren and {number} and two?")
            await discord.wait_for(lambda d, n=number: len(said(d)) == 3 + 2 * n)
        assert all("oak" not in request.prompt for request in llm.requests[2:])
