"""A question that is edited: what is answered anew is what it says now, at once where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.discord.test_reply_actions import said, settled

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def test_a_reply_made_anew_answers_what_the_question_says_now(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        llm.say("The red boat.")
        question = await discord.say("general", "Alice", "@Maren which boat is the oldest?")
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        await settled(alice, "Why", reply)
        await discord.edit(question, "@Maren which boat is the youngest?")
        assert said(discord) == ["The red boat."], "nothing is answered anew unless that is wanted"
        llm.say("The blue boat.")
        await settled(alice, "Regenerate", reply)
        assert said(discord) == ["The blue boat."]
        assert "youngest" in llm.requests[-1].messages[-1]["content"]
        assert "oldest" not in llm.requests[-1].prompt


async def test_the_last_reply_is_made_anew_when_its_question_is_edited(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("settings defaults")
        await alice.pick("Change …", "answer_edits")
        await alice.press("on")
        llm.say("First.")
        first = await discord.say("general", "Alice", "@Maren what do you see?")
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        await settled(alice, "Why", reply)
        llm.say("Now a whale.")
        await discord.edit(first, "@Maren what do you see, if you look up?")
        await discord.wait_for(lambda d: said(d) == ["Now a whale."])
        assert "if you look up" in llm.requests[-1].messages[-1]["content"]
        llm.say("Second.")
        await discord.say("general", "Alice", "@Maren and then?")
        (_, last) = await discord.wait_for(lambda d: len(said(d)) == 2 and d.webhook_messages("general"))
        await settled(alice, "Why", last)
        asked = len(llm.requests)
        await discord.edit(first, "@Maren what was it?")
        llm.say("Third.")
        await discord.say("general", "Alice", "@Maren and at last?")
        await discord.wait_for(lambda d: len(said(d)) == 3)
        assert len(llm.requests) == asked + 1, "what was said since is not torn apart"
        assert said(discord) == ["Now a whale.", "Second.", "Third."]
