"""Commands, menus, buttons and forms of a real lightbulb bot, used from the person's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.loopback import LoopbackDiscord, NotOffered
from tests.loopback.testbot import Bot, with_commands

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def commands(discord: LoopbackDiscord) -> AsyncIterator[Bot]:
    made = await with_commands(discord)
    yield made
    await made.app.close()
    assert made.broken == []


async def test_a_command_answers_at_once_or_after_deferring(discord: LoopbackDiscord, commands: Bot) -> None:
    ping = await (await discord.slash("general", "Bob", "ping")).done()
    assert (ping.text, ping.ephemeral) == ("pong", True)
    assert ping.acknowledged_ms is not None
    assert ping.acknowledged_ms < 3000
    thought = await (await discord.slash("quiet", "Bob", "think")).done()
    assert (thought.text, thought.ephemeral) == ("thought", True)
    twice = await (await discord.slash("quiet", "Bob", "twice")).done()
    await discord.wait_for(lambda _: twice.followups)
    assert [twice.text, twice.followups[0]["content"]] == ["first", "second"]


async def test_options_are_resolved(discord: LoopbackDiscord, commands: Bot) -> None:
    options = {
        "character": "Nyx",
        "loud": True,
        "person": "Carol",
        "place": "quiet",
        "card": ("c.json", b"{}", "text/json"),
    }
    shown = await (await discord.slash("general", "Bob", "character view", options)).done()
    assert shown.text == "Nyx True 2 carol quiet"
    spoken = await (await discord.slash("general", "Bob", "character voice hear", {"speed": 3})).done()
    assert spoken.text == "speed 3"
    there = await (await discord.slash(discord.dm_with("Bob"), "Bob", "character view", {"character": "Odo"})).done()
    assert there.text.startswith("Odo")


async def test_what_discord_would_not_offer_is_refused(discord: LoopbackDiscord, commands: Bot) -> None:
    for words, options in (
        ("fly", {}),
        ("character", {}),
        ("character view", {}),
        ("character view", {"character": "Nyx", "colour": "red"}),
        ("character voice hear", {"speed": 10}),
    ):
        with pytest.raises(NotOffered):
            await discord.slash("general", "Bob", words, options)


async def test_autocompletion(discord: LoopbackDiscord, commands: Bot) -> None:
    offered = await discord.autocomplete("general", "Bob", "character view", "character", "N")
    assert [one["name"] for one in offered.choices] == ["Nyx", "Nova"]


async def test_menus_of_messages_and_people(discord: LoopbackDiscord, commands: Bot) -> None:
    said = await discord.say("general", "Alice", "peace")
    inspected = await (await discord.message_command("general", "Bob", "Inspect", said)).done()
    assert inspected.text == "it says peace"
    greeted = await (await discord.user_command("general", "Bob", "Greet", "Carol")).done()
    assert greeted.text == f"hello {discord.carol.mention}"


async def test_buttons_selects_and_forms(discord: LoopbackDiscord, commands: Bot) -> None:
    panel = await (await discord.slash("general", "Bob", "panel")).done()
    assert panel.text == "A panel of one"
    with pytest.raises(NotOffered, match="disabled"):
        await discord.click("general", "Bob", panel, "never:1")
    picked = await (await discord.click("general", "Bob", panel, "pick:1", ["Blue"])).done()
    assert picked.text == "picked b"
    form = await (await discord.click("general", "Bob", panel, "form:1")).done()
    assert form.modal
    with pytest.raises(NotOffered, match="takes 2"):
        await discord.submit(form, {"name": "x"})
    filled = await (await discord.submit(form, {"name": "Robert"})).done()
    assert filled.text == "you are Robert"
    pressed = await (await discord.click("general", "Bob", panel, "again:1")).done()
    assert pressed.text == "pressed"
    assert pressed.message == discord.messages("general")[0]


async def test_an_interaction_answers_once_and_in_time(discord: LoopbackDiscord, commands: Bot) -> None:
    put = f"{discord.rest_url}/applications/{discord.bot.id}/commands"
    answer = {"type": 4, "data": {"content": "late"}}
    headers = {"Authorization": f"Bot {discord.token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        await http.put(put, json=[{"name": "slow", "description": "Nobody answers"}])

        async def respond(it: Any) -> tuple[int, Any]:
            url = f"{discord.rest_url}/interactions/{it.id}/{it.token}/callback"
            async with http.post(url, json=answer) as response:
                return response.status, await response.json() if response.status != 204 else None

        first = await discord.slash("general", "Bob", "slow")
        url = f"{discord.rest_url}/webhooks/{discord.bot.id}/{first.token}/messages/@original"
        assert (await http.patch(url, json={"content": "too early"})).status == 404
        assert (await respond(first))[0] == 204
        assert (await respond(first))[1]["code"] == 40060
        discord.interaction_deadline_s = 0.0
        assert (await respond(await discord.slash("general", "Bob", "slow")))[1]["code"] == 10062


async def test_a_second_start_finds_its_commands_and_syncs_nothing(discord: LoopbackDiscord) -> None:
    for _ in range(2):
        await (await with_commands(discord)).app.close()
    assert [one.method for one in discord.requests].count("PUT") == 1
