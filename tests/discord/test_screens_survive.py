"""Screens after a restart, in other hands, with a slow database, and filled with whatever people type."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.loopback import LoopbackDiscord
from tests.slow import road_to

if TYPE_CHECKING:
    from tests.loopback import ScriptedLLM

BUGS = ("Something went wrong", "older screen")
SCREENS: dict[str, dict[str, Any]] = {
    "character browse": {},
    "character view": {"character": "nyx"},
    "character edit": {"character": "nyx"},
    "character settings": {"character": "nyx"},
    "character overrides": {"character": "maren"},
    "character alias browse": {"character": "maren"},
    "persona browse": {},
    "persona edit": {"persona": "Alice"},
    "preset browse": {},
    "preset edit": {"preset": "Wild"},
    "models browse": {},
    "channel browse": {},
    "channel settings": {},
    "settings defaults": {},
    "settings server": {},
    "deny browse": {},
    "history purge": {"character": "maren"},
    "setup start": {},
    "admin servers": {},
    "admin settings": {},
    "admin cleanup": {"days": 30},
    "lore browse": {},
    "lore edit": {"book": "Quay"},
    "memory browse": {"character": "maren"},
    "memory facts": {"character": "maren"},
    "memory purge": {"character": "maren"},
    "memory why": {},
    "character delete": {"character": "nyx"},
}
TEXTS = (
    "",
    "x",
    "凛" * 80,
    "@everyone <@&1> <@1> **bold** `code` ||spoiler|| [a](https://b.example) \\_ > # -# ",
    "e\u0301" * 30 + "👩‍👩‍👧‍👦" * 4,
)


def components_of(person: Person) -> list[dict[str, Any]]:
    message = person.screen.message
    assert message is not None
    return [one for row in message["components"] for one in row["components"] if not one.get("disabled")]


async def test_every_component_after_a_restart_and_in_other_hands(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    owner = f"[{discord.user('Alice').id}]"
    opened: list[Person] = []
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=owner):
        alice = Person(discord)
        card = json.dumps({"name": "Nyx"}).encode()
        await alice.run("character import", file=("n.json", card, "application/json"))
        await alice.run("preset create")
        await alice.fill(name="Wild")
        await alice.run("deny add", user="Carol")
        await alice.run("lore create")
        await alice.fill(name="Quay", keys="lamp", content="It burns oil.")
        async with asyncio.timeout(10):
            llm.say("Aye.")
            await discord.say("quiet", "Alice", "@Maren I live in Lisbon")
            while "Why Maren" not in await alice.run("memory why"):
                pass
            llm.say("In Lisbon.")
            await discord.say("quiet", "Alice", "@Maren where do I live?")
            while not components_of(alice):  # the first reply had nothing to remember
                await alice.run("memory why")
        for words, options in SCREENS.items():
            person = Person(discord)
            await person.run(words, **options)
            assert components_of(person) or words in ("channel browse", "character alias browse"), words
            opened.append(person)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=owner):
        clicked = 0
        for person in opened:
            screen = person.screen
            assert screen.message is not None
            drawn = deepcopy(screen.message["components"])
            for component in components_of(person):
                values = [str(component["options"][0]["value"])] if "options" in component else []
                for name in ("Bob", "Alice"):
                    screen.message["components"] = deepcopy(drawn)  # as it was before the last click
                    clicker = Person(discord, name, last=screen)
                    answer = await clicker.click(component["custom_id"], *values)
                    if name == "Bob":
                        assert "Somebody else opened this screen" in answer, component
                    assert not any(bug in answer for bug in BUGS), f"{component}: {answer}"
                    clicked += 1
        assert clicked > 2 * len(SCREENS)


async def test_forms_take_whatever_people_type(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    owner = f"[{discord.user('Alice').id}]"
    forms = (
        ("character create", {}, ("name", "description", "first_mes")),
        ("persona create", {}, ("name", "description", "pronouns")),
        ("preset create", {}, ("name", "model", "temperature")),
        ("settings apikey set", {"provider": "openrouter"}, ("key",)),
    )
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=owner):
        alice = Person(discord)
        for words, options, names in forms:
            for text in (*TEXTS, "a" * 4000):
                await alice.run(words, **options)
                limits = {
                    one["custom_id"]: (one.get("max_length") or 4000, bool(one.get("required")))
                    for row in (alice.screen.modal or {})["components"]
                    for one in row["components"]
                }
                typed = {name: text[: limits[name][0]] or ("x" if limits[name][1] else "") for name in names}
                answer = await alice.fill(**typed)
                assert not any(bug in answer for bug in BUGS), f"{words} with {typed}: {answer}"
        await alice.run("persona create")
        await alice.fill(name="Whole", description="å" * 4000)
        await alice.run("persona edit", persona="Whole")
        assert "… (4000 characters)" in alice.text, "what is not shown is said"
        await alice.pick("Edit …", "all")
        assert alice.screen.modal is not None
        kept = [one["components"][0].get("value", "") for one in alice.screen.modal["components"]]
        assert "å" * 4000 in kept, "nothing was cut"
        pinged = [one for one in discord.bot_messages("general") if one["mentions"] or one["mention_everyone"]]
        assert pinged == []


DASHBOARDS: dict[str, dict[str, Any]] = {
    "character edit": {"character": "nyx"},
    "persona edit": {"persona": "Alice"},
    "preset edit": {"preset": "Wild"},
    "memory browse": {"character": "maren"},
    "memory facts": {"character": "maren"},
    "lore edit": {"book": "Quay"},
}


async def opened(person: Person, words: str, options: dict[str, Any]) -> list[str]:
    """Bring somebody to a dashboard; the sections it has."""
    await person.run(words, **options)
    if words == "lore edit":
        await person.press("Entries")
    if words in ("memory browse", "memory facts", "lore edit"):
        first = next(one for one in components_of(person) if "options" in one)
        await person.pick("Open one", str(first["options"][0]["value"]))
    return [str(one["value"]) for one in next(c for c in components_of(person) if "options" in c)["options"]]


async def test_every_section_of_every_dashboard_takes_whatever_people_type(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    owner = f"[{discord.user('Alice').id}]"
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=owner):
        alice = Person(discord)
        card = json.dumps({"name": "Nyx"}).encode()
        await alice.run("character import", file=("n.json", card, "application/json"))
        await alice.run("preset create")
        await alice.fill(name="Wild")
        await alice.run("lore create")
        await alice.fill(name="Quay", keys="lamp", content="It burns oil.")
        llm.say("Aye.")
        await discord.say("general", "Alice", "@Maren I live in Lisbon")
        async with asyncio.timeout(10):
            while "Lisbon" not in await alice.run("memory facts", character="maren"):
                pass
        filled = 0
        for words, options in DASHBOARDS.items():
            for text in (*TEXTS, "a" * 4000):
                for section in await opened(alice, words, options):
                    await opened(alice, words, options)
                    answer = await alice.pick("Edit", section)
                    if alice.screen.modal is None:
                        assert "longer than a form can hold" in answer
                        continue
                    fields = [one for row in alice.screen.modal["components"] for one in row["components"]]
                    typed = {
                        one["custom_id"]: text[: one.get("max_length") or 4000] or ("x" if one.get("required") else "")
                        for one in fields
                        if one["custom_id"] != "name"  # by which it is found again
                    }
                    answer = await alice.fill(**typed)
                    assert not any(bug in answer for bug in BUGS), f"{words} {section} with {typed}: {answer}"
                    filled += 1
        assert filled > 60
        assert [one for one in discord.bot_messages("general") if one["mentions"] or one["mention_everyone"]] == []


@pytest.mark.alone
async def test_two_hundred_at_once_while_the_database_takes_five_seconds(llm: ScriptedLLM, database_url: str) -> None:
    """Without validation, which takes the loopback longer than the bot needs to answer."""
    async with (
        LoopbackDiscord(validate=False) as discord,
        road_to(database_url) as road,
        Bot(discord, llm, road.url, may_complain=True),
    ):
        alice = Person(discord)
        await alice.run("persona edit", persona="Alice")
        sheet, edit = alice.screen.message, alice.component("Edit")
        await alice.run("character browse")
        listed, sort = alice.screen.message, alice.component("Sorted")
        road.delay_s = 5.0
        sent = []
        for _ in range(40):
            sent.append(await discord.slash("general", "Alice", "character browse"))
            sent.append(await discord.slash("general", "Bob", "persona create"))
            sent.append(await discord.slash("general", "Bob", "usage"))
            sent.append(await discord.click("general", "Alice", listed, sort))
            sent.append(await discord.click("general", "Alice", sheet, edit, ["all"]))
        await discord.wait_for(lambda _: all(one.acknowledged_ms is not None for one in sent), 10)
        waited = sorted(one.acknowledged_ms or 0 for one in sent)
        assert waited[int(len(waited) * 0.99)] < 800, waited[-10:]
        assert sum(one.text.count("database is slow") for one in sent) == 40, "a form says that it cannot wait"
        road.delay_s = 0.0
        for one in sent:
            await one.done(60)
        await alice.run("persona edit", persona="Alice")
        await alice.pick("Edit", "all")
        assert alice.screen.modal, "and then all is well again"
