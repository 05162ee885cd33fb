"""The gateway breaks in each of its ways while a turn is under way: nothing is lost, and nothing is said twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import LoopbackDiscord, ScriptedLLM

NOBODY_THERE = "ws://127.0.0.1:9"


def lose_the_session(discord: LoopbackDiscord) -> None:
    discord.invalid_session(resumable=False)
    discord.drop()


BREAKS: dict[str, Callable[[LoopbackDiscord], None]] = {
    "asked to reconnect": lambda discord: discord.reconnect(),
    "told that the session is invalid, and may be resumed": lambda discord: discord.invalid_session(resumable=True),
    "the session is lost, and the connection cut": lose_the_session,
    "no heartbeat is acknowledged": lambda discord: discord.zombie(),
}


def connections(discord: LoopbackDiscord) -> int:
    """How often a session began or was taken up again."""
    return sum(one.type in {"READY", "RESUMED"} for one in discord.dispatches)


async def break_and_go_on(discord: LoopbackDiscord, llm: ScriptedLLM, how: Callable[[LoopbackDiscord], None]) -> None:
    """Something is asked before, while the model thinks it breaks, and something is asked before all is well again."""
    before = len(discord.webhook_messages("general"))
    came = connections(discord)

    def answer(_: object) -> str:
        llm.default = lambda _: "And of the second."
        how(discord)
        return "Of the first."

    llm.default = answer
    first = await discord.say("general", "Alice", "@Maren what do you think?")
    await llm.asked(len(llm.requests) + 1)
    second = await discord.say("general", "Alice", "@Maren and of this?")
    await discord.wait_for(lambda d: connections(d) > came, timeout=100)
    await discord.wait_for(lambda d: len(d.webhook_messages("general")) >= before + 2, timeout=20)
    for message in (first, second):
        await discord.resend(message)
    llm.default = lambda _: "All is well."
    await discord.say("general", "Alice", "@Maren is all well?")
    await discord.wait_for(lambda d: len(d.webhook_messages("general")) >= before + 3)
    said = [message["content"] for message in discord.webhook_messages("general")[before:]]
    assert said == ["Of the first.", "And of the second.", "All is well."]


async def test_one_process_lives_through_all_breaks(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    discord.gateway.heartbeat_interval_ms = 300
    async with Bot(discord, llm, database_url, may_complain=True) as bot:
        for name, how in BREAKS.items():
            try:
                await break_and_go_on(discord, llm, how)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error
        assert not [line for line in bot.complaints if "HEARTBEAT_ACK" not in line]


@pytest.mark.faults
async def test_an_address_to_resume_at_that_is_dead(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    """It would be tried for ever: after a minute the connection is made anew."""
    discord.gateway.resume_url = NOBODY_THERE
    async with Bot(discord, llm, database_url, may_complain=True):
        await break_and_go_on(discord, llm, lambda discord: discord.drop())


@pytest.mark.faults
@pytest.mark.parametrize("code", [4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009])
async def test_every_code_by_which_discord_closes_and_wants_the_bot_back(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, code: int
) -> None:
    closing: list[asyncio.Future[None]] = []
    async with Bot(discord, llm, database_url, may_complain=True):
        await break_and_go_on(
            discord, llm, lambda discord: closing.append(asyncio.ensure_future(discord.gateway.close(code)))
        )
    await asyncio.gather(*closing)


@pytest.mark.faults
async def test_a_code_by_which_discord_closes_for_good(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url, may_complain=True) as bot:
        await discord.gateway.close(4004)
        assert await bot.process.wait() == 1
        await bot.logged("tzurot: Discord ended the connection for good: 4004")
