"""Lorebooks and cards of every kind: brought in, put in force, edited, tried, taken elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.discord.test_memory_commands import says
from tzurot.cards.png import plain
from tzurot.cards.read import read_card
from tzurot.cards.write import export

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

WORLD = {
    "name": "The Quay",
    "entries": {
        "0": {"uid": 0, "key": ["lighthouse"], "comment": "The light", "content": "The lighthouse was built in 1811."},
        "1": {"uid": 1, "key": [], "comment": "Weather", "content": "It always rains.", "constant": True},
    },
}
CARD = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Nyx",
        "description": "A thief.",
        "first_mes": "You again.",
        "alternate_greetings": [],
        "group_only_greetings": [],
        "tags": [],
        "creator": "",
        "character_version": "",
        "mes_example": "",
        "personality": "",
        "scenario": "",
        "system_prompt": "",
        "post_history_instructions": "",
        "creator_notes": "",
        "extensions": {"somebody/else": {"kept": True}},
        "character_book": {
            "entries": [
                {"keys": ["vault"], "content": "The vault opens at noon.", "enabled": True, "insertion_order": 1,
                 "extensions": {}, "use_regex": False}
            ],
            "extensions": {},
        },
    },
}  # fmt: skip


def world(content: object = WORLD) -> tuple[str, bytes, str]:
    return "quay.json", json.dumps(content).encode(), "application/json"


async def test_a_lorebook_comes_in_force_and_is_called_up(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        assert "2 entries" in await alice.run("lore import", file=world())
        assert "lighthouse" not in (await says(discord, llm, "tell me of the lighthouse")).replace("the lighthouse", "")
        assert "in force" in await alice.run("lore link", book="The Quay", where="me in this channel")
        prompt = await says(discord, llm, "and the lighthouse?")
        assert "The lighthouse was built in 1811." in prompt
        assert "It always rains." in prompt
        assert "built in 1811" not in await says(discord, llm, "the lighthouse?", who="Bob")
        assert "built in 1811" not in await says(discord, llm, "the lighthouse?", where="quiet")
        for where in ("this channel", "this server", "everything"):
            assert "This is for" in await bob.run("lore link", book="x", where=where) or "no lorebook" in bob.text
        await alice.run("lore link", book="The Quay", where="this server")
        assert "built in 1811" in await says(discord, llm, "the lighthouse?", who="Bob", where="quiet")
        await alice.run("lore unlink", book="The Quay", where="this server")
        assert "not in force there" in await alice.run("lore unlink", book="The Quay", where="this server")
        await alice.run("lore test", book="The Quay", text="Is there a lighthouse?")
        assert "The light** · " in alice.text
        assert "You have no lorebook" in await bob.run("lore edit", book="The Quay")


async def test_entries_are_edited_and_exported(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("lore create")
        await alice.fill(name="Harbour", keys="crane, winch", content="The crane is broken.")
        assert alice.title == "Harbour"
        await alice.press("Entries")
        assert "crane" in alice.text
        assert alice.screen.message is not None
        value = alice.screen.message["components"][0]["components"][0]["options"][0]["value"]
        await alice.pick("Open one", value)
        await alice.pick("Edit …", "what")
        await alice.fill(content="The crane works again.", comment="The crane", keys="crane", constant="meh")
        assert "cannot be used there" in alice.told
        await alice.run("lore edit", book="Harbour")
        await alice.press("Entries")
        await alice.pick("Open one", value)
        await alice.pick("Edit …", "what")
        await alice.fill(content="The crane works again.", comment="The crane", keys="crane", constant="off")
        assert alice.title == "The crane"
        await alice.run("lore export", book="Harbour")
        assert alice.screen.message is not None
        written = json.loads(discord.file_of(alice.screen.message["attachments"][0]))
        assert written["entries"]["0"]["content"] == "The crane works again."
        assert written["entries"]["0"]["key"] == ["crane"]
        await alice.run("lore browse")
        assert "Harbour** · 1 entries" in alice.text
        await alice.run("lore edit", book="Harbour")
        await alice.press("Delete")
        await alice.press("Delete")
        assert "None yet" in await alice.run("lore browse")
        assert "no entries" in await alice.run("lore import", file=world({"name": "x"}))


@pytest.mark.parametrize("kind", ["png", "json", "charx"])
async def test_a_card_of_any_kind_is_brought_in_and_taken_out(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, kind: str
) -> None:
    card = read_card(json.dumps(CARD).encode()).card
    given = export(card, kind, picture=plain(200, 30, 30))  # type: ignore[arg-type]
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("character import", file=(given.name, given.content, given.media_type))
        assert alice.title == "Nyx is here"
        llm.say("Noon.")
        await discord.say("general", "Alice", "@Nyx when does the vault open?")
        await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert "The vault opens at noon." in llm.requests[-1].prompt
        await alice.run("character export", character="nyx", kind=kind)
        assert alice.screen.message is not None
        (file,) = alice.screen.message["attachments"]
        again = read_card(discord.file_of(file))
        assert again.card == card
        assert again.card.extensions["somebody/else"] == {"kept": True}


async def test_many_cards_come_in_an_archive(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(12):
            archive.writestr(f"cards/{number}.json", json.dumps({"name": f"Sailor {number}"}))
        archive.writestr("cards/broken.json", "{")
        archive.writestr("../escape.txt", "no card")
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("character import", file=("many.zip", packed.getvalue(), "application/zip"))
        await discord.wait_for(lambda _: "12 characters are here" in alice.text)  # it says how far it is before
        assert "broken.json" in alice.fields["Not read"]
        await alice.run("character browse", query="Sailor 11")
        assert "Sailor 11" in alice.text


async def test_what_people_set_besides_the_card_is_in_the_prompt(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("character overrides", character="maren")
        for key, text in (("sidecar", "We are cousins."), ("authors_note", "Be brief."), ("last_words", "Rhyme.")):
            await alice.pick("Change …", key)
            await alice.press("Change")
            await alice.fill(value=text)
            await alice.press("Back")
        prompt = await says(discord, llm, "hello cousin")
        assert all(words in prompt for words in ("We are cousins.", "Be brief.", "Rhyme."))
        theirs = await says(discord, llm, "hello", who="Bob")
        assert not any(words in theirs for words in ("We are cousins.", "Be brief.", "Rhyme."))
