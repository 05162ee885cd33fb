"""Age-restricted characters: where they speak, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from tests.discord.bot import Bot
from tests.discord.person import Person

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

CARD = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Vesper", "tags": ["NSFW", "night"]}}


async def test_an_age_restricted_character_speaks_among_adults(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.default = lambda _request: "Good evening."
    night = discord.add_channel("night", nsfw=True)
    alcove = discord.add_thread("alcove", parent=night)
    private = discord.dm_with("Bob")

    def told(where: object, words: str) -> bool:
        return any(words in message["content"] for message in discord.bot_messages(where))

    async with Bot(discord, llm, database_url):
        await Person(discord).run("character import", file=("vesper.json", orjson.dumps(CARD), "application/json"))
        await discord.say("general", "Bob", "@Vesper hello")
        await discord.wait_for(lambda _: told("general", "keeps quiet here"))
        chat = await Person(discord, "Carol").run("chat", character="vesper", message="hello")
        assert "keeps quiet here" in chat
        await discord.say(private, "Bob", "@Vesper hello")
        await discord.wait_for(lambda _: told(private, "do not know your age"))
        assert not llm.requests
        # whoever speaks to any character where only adults are let in is known from then on
        await discord.say(alcove, "Bob", "@Maren hello")
        await discord.wait_for(lambda d: len(d.webhook_messages(alcove)) == 1)
        await discord.say(private, "Bob", "@Vesper hello again")
        await discord.wait_for(lambda _: told(private, "Good evening."))
        await discord.say(night, "Bob", "@Vesper hello")
        await discord.wait_for(lambda d: len(d.webhook_messages(night)) == 1)
        await discord.say("general", "Bob", "@Maren hello")
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) == 1)
        await discord.say("general", "Bob", "@Vesper hello")
        await discord.say("general", "Alice", "@Vesper and I?")
        await discord.wait_for(lambda d: sum("keeps quiet" in m["content"] for m in d.bot_messages("general")) == 2)
        assert len(llm.requests) == 4
