"""The loopback Discord itself, met by a real hikari bot: what the other tests stand on."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
import hikari
import pytest

from tests.loopback import LoopbackDiscord, Permission
from tests.loopback.testbot import INTENTS, PIXEL, Bot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as world:
        yield world
        world.assert_clean()


@pytest.fixture
async def bot(discord: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with Bot(discord) as made:
        yield made
    assert made.broken == []


# -- talking ---------------------------------------------------------------------------------------


async def test_a_bot_hears_people_and_people_hear_the_bot(discord: LoopbackDiscord, bot: Bot) -> None:
    await discord.say("general", "Alice", f"{discord.bot.mention} hello <@{discord.bob.id}>")
    heard = await bot.hears(f"{discord.bot.mention} hello <@{discord.bob.id}>")
    assert heard.author.global_name == "Alice"
    assert heard.user_mentions_ids == [int(discord.bot.id), int(discord.bob.id)]
    await heard.respond("hi", reply=True)
    reply = discord.messages("general")[-1]
    assert reply["content"] == "hi"
    assert reply["referenced_message"]["id"] == str(heard.id)
    assert (await bot.hears("hi")).author.is_bot  # its own words come back to it
    assert "0 violations" in discord.report()


async def test_a_direct_message_goes_both_ways(discord: LoopbackDiscord, bot: Bot) -> None:
    await discord.say(discord.dm_with("Carol"), "Carol", "psst")
    heard = await bot.hears("psst")
    assert heard.guild_id is None
    channel = await bot.rest.create_dm_channel(int(discord.carol.id))
    await bot.rest.create_message(channel, "yes?")
    assert discord.messages(discord.dm_with("Carol"))[-1]["content"] == "yes?"
    discord.bob.accepts_dms = False
    with pytest.raises(hikari.ForbiddenError, match="50007"):
        await bot.rest.create_message(await bot.rest.create_dm_channel(int(discord.bob.id)), "hello?")


async def test_edits_deletions_and_reactions_arrive(discord: LoopbackDiscord, bot: Bot) -> None:
    said = await discord.say("quiet", "Bob", "one")
    await discord.edit(said, "two")
    await discord.react(said, "Carol", "👍")
    await discord.delete(said)
    deleted = (await discord.wait_for(lambda _: bot.seen(hikari.GuildMessageDeleteEvent)))[0]
    assert deleted.message_id == int(said["id"])
    assert bot.seen(hikari.GuildMessageUpdateEvent)[0].content == "two"
    assert bot.seen(hikari.GuildReactionAddEvent)[0].user_id == int(discord.carol.id)
    assert discord.messages("quiet") == []


async def test_a_webhook_speaks_edits_and_deletes(discord: LoopbackDiscord, bot: Bot) -> None:
    hook = await bot.rest.create_webhook(int(discord.general.id), "Nyx", avatar=hikari.Bytes(PIXEL, "nyx.png"))
    assert hook.token
    said = await bot.rest.execute_webhook(hook, hook.token, "I am here", username="Nyx the Cat")
    echo = await bot.hears("I am here")
    assert echo.webhook_id == hook.id
    assert echo.author.username == "Nyx the Cat"
    await bot.rest.edit_webhook_message(hook, hook.token, said, "I was here")
    assert discord.webhook_messages("general")[0]["content"] == "I was here"
    thread = await bot.rest.execute_webhook(hook, hook.token, "and here", thread=int(discord.thread.id))
    assert discord.messages("thread")[0]["id"] == str(thread.id)
    await bot.rest.delete_webhook_message(hook, hook.token, said)
    assert discord.webhook_messages("general") == []


async def test_a_channel_holds_fifteen_webhooks(discord: LoopbackDiscord, bot: Bot) -> None:
    for number in range(15):
        await bot.rest.create_webhook(int(discord.quiet.id), f"hook {number}")
    with pytest.raises(hikari.BadRequestError, match="30007"):
        await bot.rest.create_webhook(int(discord.quiet.id), "one too many")
    assert len(await bot.rest.fetch_channel_webhooks(int(discord.quiet.id))) == 15


async def test_files_go_up_and_come_down(discord: LoopbackDiscord, bot: Bot) -> None:
    sent = await bot.rest.create_message(
        int(discord.general.id),
        "look",
        attachments=[hikari.Bytes(PIXEL, "a.png"), hikari.Bytes(b"words", "b.txt")],
    )
    assert [one.filename for one in sent.attachments] == ["a.png", "b.txt"]
    assert await sent.attachments[1].read() == b"words"
    assert sent.attachments[0].width == 1
    await discord.say("general", "Alice", "mine", attachments=[("card.json", b"{}", "application/json")])
    heard = await bot.hears("mine")
    assert await heard.attachments[0].read() == b"{}"


async def test_history_is_read_in_every_direction(discord: LoopbackDiscord, bot: Bot) -> None:
    said = [await discord.say("quiet", "Bob", str(number)) for number in range(120)]
    channel = int(discord.quiet.id)
    assert len(await bot.rest.fetch_messages(channel)) == 120
    before = await bot.rest.fetch_messages(channel, before=int(said[10]["id"])).limit(3)
    assert [one.content for one in before] == ["9", "8", "7"]
    after = await bot.rest.fetch_messages(channel, after=int(said[116]["id"]))
    assert [one.content for one in after] == ["117", "118", "119"]
    around = await bot.rest.fetch_messages(channel, around=int(said[60]["id"])).limit(100)
    assert [around[0].content, around[-1].content] == ["109", "10"]  # without a limit hikari never ends


async def test_the_same_nonce_posts_once(discord: LoopbackDiscord, bot: Bot) -> None:
    first = await bot.rest.create_message(int(discord.quiet.id), "once", nonce="n1")
    second = await bot.rest.create_message(int(discord.quiet.id), "once", nonce="n1")
    assert first.id == second.id
    assert len(discord.messages("quiet")) == 1


async def test_a_forward_carries_a_snapshot(discord: LoopbackDiscord, bot: Bot) -> None:
    said = await discord.say("quiet", "Bob", "remember this")
    await discord.say("general", "Alice", forward=said)
    heard = await discord.wait_for(lambda _: [one for one in bot.heard if one.message_snapshots])
    assert heard[0].message_snapshots[0].content == "remember this"


async def test_rights_are_enforced(discord: LoopbackDiscord, bot: Bot) -> None:
    with pytest.raises(hikari.ForbiddenError, match="50001"):
        await bot.rest.create_message(int(discord.private.id), "hello")
    with pytest.raises(hikari.ForbiddenError, match="50013"):
        await bot.rest.create_webhook(int(discord.unhooked.id), "Nyx")
    discord.set_overwrite("quiet", discord.bot, deny=Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY)
    await discord.say("quiet", "Bob", "secret")
    with pytest.raises(hikari.ForbiddenError, match="50013"):
        await bot.rest.create_message(int(discord.quiet.id), "hello")
    assert len(await bot.rest.fetch_messages(int(discord.quiet.id))) == 0
    await discord.say("private", "Alice", "the bot is not here")
    await discord.say("general", "Alice", "but here")
    await bot.hears("but here")
    assert "the bot is not here" not in [one.content for one in bot.heard]


async def test_fifty_channels_and_another_guild_appear(discord: LoopbackDiscord, bot: Bot) -> None:
    channels = [discord.add_channel(f"room-{number}") for number in range(50)]
    for channel in channels:
        await discord.say(channel, "Alice", channel.name)
    await bot.hears("room-49")
    other = discord.add_guild("Elsewhere", "Bob")
    there = discord.add_channel("lobby", guild=other)
    await discord.say(there, "Bob", "welcome")
    assert (await bot.hears("welcome")).guild_id == int(other.id)


async def test_application_emojis(discord: LoopbackDiscord, bot: Bot) -> None:
    made = await bot.rest.create_application_emoji(int(discord.bot.id), "nyx", hikari.Bytes(PIXEL, "nyx.png"))
    assert [one.id for one in await bot.rest.fetch_application_emojis(int(discord.bot.id))] == [made.id]
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{discord.base_url}/emojis/{made.id}.png") as answer,
    ):
        assert await answer.read() == PIXEL


# -- the gateway -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reconnect", "drop"])
async def test_a_resumed_session_gets_what_it_missed(discord: LoopbackDiscord, bot: Bot, how: str) -> None:
    await discord.say("general", "Alice", "before")
    await bot.hears("before")
    getattr(discord, how)()
    await discord.wait_for(lambda d: d.gateway.connections == 0)
    await discord.say("general", "Alice", "while you were away")
    await bot.hears("while you were away")
    assert discord.gateway.resumes == 1
    assert len(discord.gateway.identifies) == 1


async def test_an_invalid_session_identifies_anew(discord: LoopbackDiscord, bot: Bot) -> None:
    discord.invalid_session(resumable=False)
    await discord.wait_for(lambda d: len(d.gateway.identifies) == 2, timeout=20)
    await discord.say("general", "Alice", "again")
    await bot.hears("again")


async def test_a_connection_without_acknowledgements_is_left(discord: LoopbackDiscord) -> None:
    discord.gateway.heartbeat_interval_ms = 300
    async with Bot(discord):
        discord.zombie()
        await discord.wait_for(lambda d: d.gateway.resumes == 1, timeout=20)


async def test_the_same_event_twice(discord: LoopbackDiscord, bot: Bot) -> None:
    said = await discord.say("general", "Alice", "echo")
    await discord.resend(said)
    await bot.hears("echo", times=2)
    sent = [one for one in discord.dispatches if one.id == said["id"]]
    assert len(sent) == 2
    assert sent[0].sent_ns < sent[1].sent_ns


async def test_without_the_content_intent_there_are_only_the_words_meant_for_the_bot(
    discord: LoopbackDiscord,
) -> None:
    discord.message_content_intent = "missing"
    with pytest.raises(hikari.GatewayServerClosedConnectionError, match="4014"):
        async with Bot(discord):
            pass
    async with Bot(discord, INTENTS & ~hikari.Intents.MESSAGE_CONTENT) as bot:
        await discord.say("general", "Alice", "not for you")
        await discord.say("general", "Alice", f"{discord.bot.mention} for you")
        await discord.say(discord.dm_with("Alice"), "Alice", "only for you")
        await bot.hears("only for you")
        assert [one.content for one in bot.heard] == [None, f"{discord.bot.mention} for you", "only for you"]
        application = await bot.rest.fetch_application()
        assert not application.flags & hikari.ApplicationFlags.MESSAGE_CONTENT_INTENT_LIMITED


async def test_a_bot_comes_back_to_a_world_that_went_on(discord: LoopbackDiscord) -> None:
    async with Bot(discord) as first:
        await discord.say("general", "Alice", "one")
        await first.hears("one")
    await discord.say("general", "Alice", "two")
    async with Bot(discord) as second:
        there = await second.rest.fetch_messages(int(discord.general.id))
        assert [one.content for one in there] == ["two", "one"]
        assert second.heard == []


# -- faults ----------------------------------------------------------------------------------------


async def test_a_fault_after_the_work_makes_hikari_post_twice(discord: LoopbackDiscord, bot: Bot) -> None:
    fault = discord.fault("POST", r"/messages$", after_accepting=True)
    await bot.rest.create_message(int(discord.quiet.id), "once?")
    assert fault.hits == 1
    assert [one["content"] for one in discord.messages("quiet")] == ["once?", "once?"]


@pytest.mark.parametrize("status", [503, None])
async def test_a_fault_before_the_work_leaves_nothing(
    discord: LoopbackDiscord,
    status: int | None,
) -> None:
    discord.fault("POST", r"/typing$", status=status)
    headers = {"Authorization": f"Bot {discord.token}"}
    url = f"{discord.rest_url}/channels/{discord.general.id}/typing"
    async with aiohttp.ClientSession(headers=headers) as http:
        if status is None:
            with pytest.raises(aiohttp.ClientConnectionError):
                await http.post(url)
        else:
            assert (await http.post(url)).status == status
        assert discord.general.typing == 0
        assert (await http.post(url)).status == 204
    assert discord.general.typing == 1


async def test_a_hanging_answer_is_waited_for_no_longer_than_the_server_lives() -> None:
    world = await LoopbackDiscord().start()
    world.fault("GET", r"/users/@me$", hang_s=60, status=502)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {world.token}"}) as http:
        asking = asyncio.ensure_future(http.get(f"{world.rest_url}/users/@me"))
        await world.wait_for(lambda d: d.requests)
        await world.stop()
        assert (await asking).status == 502


async def test_strict_rate_limits_are_kept_by_hikari(discord: LoopbackDiscord, bot: Bot) -> None:
    discord.strict_rate_limits = True
    channel = int(discord.quiet.id)
    began = time.monotonic()
    for number in range(7):
        await bot.rest.create_message(channel, str(number))
    # five fit into two seconds; how often it had to be told so depends on when the windows of both sides began
    assert time.monotonic() - began > 1
    assert [message["content"] for message in discord.messages("quiet")] == [*"0123456"]


async def test_a_wrong_token_is_refused(discord: LoopbackDiscord) -> None:
    bot = Bot(discord)
    discord.token = "MTIz.another.token"
    with pytest.raises(hikari.UnauthorizedError):
        async with bot:
            pass
