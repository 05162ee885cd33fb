"""Five hundred messages in ten seconds: each is answered in its turn, or its author is told why not."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import asyncpg
import psutil

from tests.discord.bot import Bot
from tests.loopback.llm_answers import Slow
from tests.postgres import until

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.llm import LLMRequest

QUIET, EACH = 48, 8  # rooms where all find room in the lane, and what is said in each
CROWDED, MANY = 2, 58
MESSAGES = QUIET * EACH + CROWDED * MANY
LASTS_S = 10.0
MORE_MB = 40


def heard(request: LLMRequest) -> Slow:
    return Slow(f"I heard: {request.messages[-1]['content'].splitlines()[-1].partition('@Maren ')[2]}", 0.4)


async def test_a_flood_is_answered_in_order_or_told_why_not(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.default = heard
    discord.strict_rate_limits = False
    quiet = [(discord.add_channel(f"quiet-{n}"), EACH) for n in range(QUIET)]
    crowded = [(discord.add_channel(f"crowded-{n}"), MANY) for n in range(CROWDED)]
    said = sorted(
        ((number / count, room, number) for room, count in (*quiet, *crowded) for number in range(count)),
        key=lambda one: one[0],
    )
    assert len(said) == MESSAGES == 500
    much = {"TZUROT_CONVERSATION__TURNS_PER_MINUTE": "10000", "TZUROT_CONVERSATION__TURNS_PER_MINUTE_HERE": "10000"}
    async with Bot(discord, llm, database_url, **much) as bot:
        usage = psutil.Process(bot.process.pid)
        before_mb = usage.memory_info().rss / 1e6
        begun = monotonic()
        for moment, room, number in said:
            await asyncio.sleep(max(0.0, begun + moment * LASTS_S - monotonic()))
            await discord.say(room, ("Alice", "Bob", "Carol")[number % 3], f"@Maren number {number}")
        assert monotonic() - begun < LASTS_S * 1.5, "the flood itself was too slow to be one"

        def answers(room: object) -> list[int]:
            return [int(one["content"].rsplit(" ", 1)[1]) for one in discord.webhook_messages(room)]

        await discord.wait_for(lambda _: all(answers(room) == list(range(EACH)) for room, _ in quiet), timeout=60)
        ledger = await asyncpg.connect(database_url)
        try:
            await until(ledger, "SELECT count(*) = 0 FROM turns WHERE ended_at IS NULL")
        finally:
            await ledger.close()
        most_mb = usage.memory_info().rss / 1e6
        for room, count in crowded:
            spoken = answers(room)
            assert spoken == sorted(set(spoken)), "in their order, none twice"
            assert len(spoken) >= 20, "as many as may wait"
            refused = set(range(count)) - set(spoken)
            told = sum("Too many messages are waiting here" in m["content"] for m in discord.bot_messages(room))
            assert refused
            assert 1 <= told < len(refused), "each person hears of it once a crowd, not with every message"
        print(f"{before_mb:.0f} MB before, {most_mb:.0f} MB after")
        assert most_mb - before_mb < MORE_MB, f"{before_mb:.0f} MB before, {most_mb:.0f} MB after"
