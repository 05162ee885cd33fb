"""`kill -9` at moments nobody chose: whatever was asked is answered once and whole, sooner or later."""

from __future__ import annotations

import asyncio
import os
import random
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.discord.bot import Bot
from tests.discord.test_crashes import LONG, said
from tests.loopback.fixtures import discord, llm

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

__all__ = ["discord", "llm"]
pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
KILLS = int(os.environ.get("KILLS", "40"))  # noqa: TID251 - how long to go on is the person's choice
LONGEST_TURN_S = 0.25


async def test_killed_at_random_moments(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    dice = random.Random(20)
    llm.default = lambda _request: LONG
    ledger = await asyncpg.connect(database_url)
    for number in range(KILLS):
        before = len(said(discord))
        async with Bot(discord, llm, database_url, may_complain=True) as bot:
            question = await discord.say("general", "Alice", f"@Maren question {number}")
            await asyncio.sleep(dice.uniform(0, LONGEST_TURN_S))  # the moment is the point
            await bot.kill()
        entered = await ledger.fetchval("SELECT count(*) FROM turns WHERE origin_id = $1", int(question["id"]))
        async with Bot(discord, llm, database_url, may_complain=True):
            if not entered:  # the kill came before the ledger, and Discord does not send a question twice
                await discord.say("general", "Alice", f"@Maren question {number}, again")
            await discord.wait_for(lambda d, whole=before + 3: len(said(d)) >= whole, timeout=20)
        assert "\n\n".join(said(discord)[before:]) == LONG, f"kill {number}"
    await ledger.close()
