"""The process is told to stop while many turns are under way: they are drained, or the next process ends them."""

from __future__ import annotations

import asyncio
import signal
from itertools import count
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.discord.bot import Bot
from tests.loopback.llm import Never, Text
from tests.postgres import until

if TYPE_CHECKING:
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.llm import LLMRequest

ROOMS = 30  # more than are answered at once
CROWDED = 6  # where something else waits behind the first question
TURNS = ROOMS + 2 * CROWDED
AT_ONCE = 24


def heard(request: LLMRequest) -> str:
    return f"I heard: {request.messages[-1]['content'].splitlines()[-1]}"


async def ask_everywhere(discord: LoopbackDiscord) -> list[tuple[Any, list[str]]]:
    """Rooms in which nobody has spoken before, and what is asked in each, in its order."""
    rooms = [(discord.add_channel(f"room-{number}"), [f"@Maren room {number}"]) for number in range(ROOMS)]
    for room, asked in rooms:
        await discord.say(room, "Alice", asked[0])
    for room, asked in rooms[:CROWDED]:
        asked += [f"@Maren again in {room.name}", f"by command in {room.name}"]
        await discord.say(room, "Bob", asked[1])
        command = await discord.slash(room, "Carol", "chat", {"character": "maren", "message": asked[2]})
        await command.done()
    return rooms


@pytest.mark.parametrize("patient", [True, False], ids=["drained", "killed while it drains"])
async def test_nothing_is_lost_and_nothing_doubled(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, patient: bool
) -> None:
    """Whoever started the process kills it when it takes too long: half of the models never answer."""
    numbers, stopping = count(), asyncio.Event()
    llm.default = lambda request: Never() if not patient and next(numbers) % 2 else Text(heard(request), after=stopping)
    ledger = await asyncpg.connect(database_url)
    try:
        async with Bot(discord, llm, database_url) as bot:
            rooms = await ask_everywhere(discord)
            await until(ledger, "SELECT count(*) = $1 FROM turns", TURNS)
            await llm.asked(AT_ONCE)
            bot.process.send_signal(signal.SIGTERM)
            await bot.logged("stopping")
            stopping.set()
            if patient:
                assert await bot.process.wait() == 0
                assert not bot.complaints
            else:
                await discord.wait_for(lambda d: sum(bool(d.webhook_messages(room)) for room, _ in rooms) >= 10)
                await bot.kill()
        llm.default = heard
        answered = len(llm.requests)
        async with Bot(discord, llm, database_url):
            await until(ledger, "SELECT count(*) = $1 FROM turns WHERE state = 'remembered'", TURNS)
        assert (len(llm.requests) == answered) is patient
    finally:
        await ledger.close()
    for room, asked in rooms:
        said = [str(one["content"]).partition(": ")[2].partition(": ")[2] for one in discord.webhook_messages(room)]
        assert said == asked
