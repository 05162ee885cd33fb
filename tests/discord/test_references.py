"""What somebody points at is read with that person's rights, never with the bot's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot
from tests.loopback.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import LoopbackDiscord, ScriptedLLM

SECRET = "The key lies under the third stone."
HIDE = (0, int(Permission.VIEW_CHANNEL))
MUTE = (0, int(Permission.READ_MESSAGE_HISTORY))


def public(discord: LoopbackDiscord) -> object:
    return discord.quiet


def hidden_from_alice(discord: LoopbackDiscord) -> object:
    return discord.add_channel("staff", overwrites={discord.user("Bob"): HIDE})


def hidden_from_the_bot(discord: LoopbackDiscord) -> object:
    return discord.private


def without_history(discord: LoopbackDiscord) -> object:
    return discord.add_channel("silent", overwrites={discord.user("Bob"): MUTE})


def hidden_by_everyone(discord: LoopbackDiscord) -> object:
    guild = discord.general.guild
    allowed = {guild: HIDE, discord.bot: (int(Permission.VIEW_CHANNEL), 0), discord.user("Carol"): (HIDE[1], 0)}
    return discord.add_channel("carol-only", overwrites=allowed)


def private_thread(discord: LoopbackDiscord) -> object:
    return discord.add_thread("plans", parent="general", private=True, owner="Carol")


def own_private_thread(discord: LoopbackDiscord) -> object:
    return discord.add_thread("plans", parent="general", private=True, owner="Bob")


def another_server(discord: LoopbackDiscord) -> object:
    guild = discord.add_guild("Elsewhere", owner="Carol")
    return discord.add_channel("far", guild=guild)


def somebodys_dm(discord: LoopbackDiscord) -> object:
    return discord.dm_with("Carol")


def own_dm(discord: LoopbackDiscord) -> object:
    return discord.dm_with("Bob")


PLACES: dict[Callable[[LoopbackDiscord], object], bool] = {
    public: True,
    own_dm: True,
    own_private_thread: True,
    hidden_from_alice: False,
    hidden_from_the_bot: False,
    without_history: False,
    hidden_by_everyone: False,
    private_thread: False,
    another_server: False,
    somebodys_dm: False,
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_a_link_shows_what_the_asker_may_read(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, place: Callable[[LoopbackDiscord], object]
) -> None:
    channel = place(discord)
    author = "Bob" if place is own_dm else "Carol"
    async with Bot(discord, llm, database_url):
        there = await discord.say(channel, author, SECRET)
        guild = channel.guild.id if channel.guild else "@me"
        link = f"https://discord.com/channels/{guild}/{channel.id}/{there['id']}"
        await discord.say("general", "Bob", f"@Maren what is meant by {link} ?")
        await discord.wait_for(lambda d: d.webhook_messages("general"))
        asked = next(request for request in llm.requests if "what is meant by" in request.prompt)
        assert (SECRET in asked.prompt) is PLACES[place]


async def test_links_are_followed_breadth_first_and_not_for_ever(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        link = ""
        for number in range(30):
            message = await discord.say("quiet", "Carol", f"Step {number}. {link}")
            link = f"https://discord.com/channels/{discord.general.guild.id}/{discord.quiet.id}/{message['id']}"
        llm.say("I lost count.")
        await discord.say("general", "Bob", f"@Maren where does {link} lead?")
        await discord.wait_for(lambda d: d.webhook_messages("general"))
        prompt = llm.requests[-1].prompt
        assert "Step 29." in prompt
        assert "Step 20." in prompt
        assert "Step 19." not in prompt


async def test_a_deleted_message_is_said_to_be_gone(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        message = await discord.say("quiet", "Carol", SECRET)
        link = f"https://discord.com/channels/{discord.general.guild.id}/{discord.quiet.id}/{message['id']}"
        await discord.delete(message)
        llm.say("It is gone.")
        await discord.say("general", "Bob", f"@Maren read {link}")
        await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert "A linked message no longer exists." in llm.requests[-1].prompt
