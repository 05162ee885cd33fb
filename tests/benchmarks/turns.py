"""`make bench`: what the bot itself costs per turn, beside a floor measured in turn with it in the same run.

Overhead is the time from the event's frame to the model's request, plus from the model's last byte to the webhook's
request. The programs are processes of their own, which live side by side; Discord and the model are this process.
Machines are shared and drift within seconds: so ten turns of the floor are followed by ten of the bot, and what is
promised are medians of what those that ran beside each other differ by.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import psutil
from loguru import logger

from tests.benchmarks.seeds import seed, sentence
from tests.loopback import LoopbackDiscord, ScriptedLLM
from tzurot.talk import Speaker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tests.loopback.server import Request

CHANNELS = 50
BLOCKS, TURNS_PER_BLOCK = 8, 10
WARM_UP = 60
BURST = 250
GROWING = 50
FEW_LINES, MOST_LINES = 50, 500
MEMORIES = 2000
SENTENCES = 3  # of a reply: always new ones, because a reply that was said before is asked for again


@dataclass
class Figures:
    """Milliseconds per turn, replies a second, seconds to ready, megabytes, shares of prompts that stay the same."""

    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)  # of a block
    p95: list[float] = field(default_factory=list)  # of a round
    burst: list[float] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    postgres_mb: list[float] = field(default_factory=list)
    same: list[float] = field(default_factory=list)


class Bench:
    def __init__(self, discord: LoopbackDiscord, llm: ScriptedLLM) -> None:
        self.discord = discord
        self.llm = llm
        self.channels = [discord.add_channel(f"room-{n}") for n in range(CHANNELS)]
        self.dice = random.Random(11)
        llm.default = lambda _request: " ".join(sentence(self.dice) for _ in range(SENTENCES))

    @asynccontextmanager
    async def process(self, arguments: Sequence[str], extra: dict[str, str], figures: Figures) -> AsyncGenerator[int]:
        """A bot's process, from start to ready to stop."""
        environment = {**os.environ, "DISCORD_TOKEN": self.discord.token, **extra}  # noqa: TID251
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
        try:
            await self.discord.ready()
            figures.ready_s.append(time.monotonic() - begun)
            yield process.pid
            usage = psutil.Process(process.pid)
            figures.rss_mb.append(usage.memory_info().rss / 1e6)
            children = usage.children(recursive=True)
            figures.postgres_mb.append(sum(child.memory_full_info().pss for child in children) / 1e6)
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()

    async def one(self, channel: object, address: str = "") -> tuple[float, float]:
        """Milliseconds before and after the model of one turn."""
        asked, posted = len(self.llm.requests), len(self.discord.requests)
        address = address or self.discord.bot.mention
        message = await self.discord.say(channel, "Alice", f"{address} {sentence(self.dice)}")
        post = await self.discord.wait_for(
            lambda d: next((r for r in d.requests[posted:] if is_reply(r) and r.status), None)
        )
        request = self.llm.requests[asked]
        sent = next(d.sent_ns for d in reversed(self.discord.dispatches) if d.id == message["id"])
        return (request.received_ns - sent) / 1e6, (post.received_ns - request.finished_ns) / 1e6

    async def warm_up(self) -> None:
        for n in range(WARM_UP):
            await self.one(self.channels[n % CHANNELS])

    async def block(self, number: int) -> list[tuple[float, float]]:
        """Some turns, one after the other."""
        turns: list[tuple[float, float]] = []
        for n in range(number * TURNS_PER_BLOCK, (number + 1) * TURNS_PER_BLOCK):
            turns.append(await self.one(self.channels[n % CHANNELS]))
            await asyncio.sleep(0.01)  # what follows a reply is not part of the next turn
        return turns

    async def growing(self, figures: Figures) -> None:
        """One conversation with a character that has constant lore: how much of each prompt is as it was before."""
        before = b""
        for turn in range(GROWING + 1):
            await self.one(self.channels[0], "@Keeper")
            prompt = orjson.dumps(self.llm.requests[-1].messages)
            if turn:
                figures.same.append(shared(before, prompt))
            before = prompt
            await asyncio.sleep(0.01)

    async def burst(self, figures: Figures) -> None:
        """250 messages at once over 50 channels."""
        seen, posts = len(self.discord.requests), 0

        def all_posted(discord: LoopbackDiscord) -> bool:
            nonlocal seen, posts
            posts += sum(map(is_reply, discord.requests[seen:]))
            seen = len(discord.requests)
            return posts >= BURST

        begun = time.monotonic()
        for n in range(BURST):
            await self.discord.say(
                self.channels[n % CHANNELS], "Alice", f"{self.discord.bot.mention} {sentence(self.dice)}"
            )
        await self.discord.wait_for(all_posted, timeout=60)
        figures.burst.append(BURST / (time.monotonic() - begun))


def shared(before: bytes, after: bytes) -> float:
    """The share of a prompt that begins as the one before did."""
    same = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    return same / len(after)


def is_reply(request: Request) -> bool:
    return request.method == "POST" and request.path.startswith("/webhooks/")


@asynccontextmanager
async def world() -> AsyncGenerator[Bench]:
    """A Discord and a model that remember nothing of earlier measurements; people and channels keep their ids."""
    async with LoopbackDiscord(validate=False) as discord, ScriptedLLM() as llm:
        yield Bench(discord, llm)


def floors(bench: Bench) -> dict[str, str]:
    return {"FLOOR_REST_URL": bench.discord.rest_url, "FLOOR_LLM_URL": bench.llm.base_url}


def ours(bench: Bench, folder: str, history: int) -> dict[str, str]:
    return {
        "TZUROT_DISCORD__REST_URL": bench.discord.rest_url,
        "TZUROT_LLM__BASE_URL": bench.llm.base_url,
        "TZUROT_LLM__MODEL": "bench",
        "TZUROT_HEALTH__PORT": "0",
        "TZUROT_DATABASE__DATA_DIR": folder,
        "TZUROT_CONVERSATION__HISTORY_MESSAGES": str(history),
        "TZUROT_CONVERSATION__TURNS_PER_MINUTE": "1000000",  # one person asks everything here
        "TZUROT_CONVERSATION__TURNS_PER_MINUTE_HERE": "1000000",
        "TZUROT_LOG__LEVEL": "ERROR",
        "TZUROT_CONFIG": os.devnull,
    }


async def measure(history: int, rounds: int) -> tuple[Figures, Figures, Figures]:
    """The floor as hikari comes, the floor with kept connections, and the bot."""
    floor, keeping, bot = Figures(), Figures(), Figures()
    with tempfile.TemporaryDirectory(prefix="tzurot-bench-") as folder:
        async with world() as bench:
            alice = Speaker(front="discord", external_id=str(bench.discord.user("Alice").id), name="Alice")
            await seed(Path(folder, "0"), alice, [int(channel.id) for channel in bench.channels], history, MEMORIES)
        for number in range(1, rounds + 1):
            # every round begins with so many lines and memories, not with what the last one added
            mine = str(Path(folder, str(number)))
            await (await asyncio.create_subprocess_exec("cp", "-a", str(Path(folder, "0")), mine)).wait()
            async with AsyncExitStack() as running:
                benches: list[tuple[Figures, Bench]] = []
                for figures, more in ((floor, {}), (keeping, {"FLOOR_KEEPS": "1"}), (bot, None)):
                    bench = await running.enter_async_context(world())
                    program = "tzurot" if more is None else "tests.benchmarks.floor"
                    settings = ours(bench, mine, history) if more is None else floors(bench) | more
                    await running.enter_async_context(bench.process(["-m", program, "run"], settings, figures))
                    benches.append((figures, bench))
                await beside_each_other(benches[:: (-1) ** number])
    return floor, keeping, bot


async def beside_each_other(benches: Sequence[tuple[Figures, Bench]]) -> None:
    """One round: turns of one program after those of the other, there and back; then each one's burst."""
    for _, bench in benches:
        await bench.warm_up()
    totals: list[list[float]] = [[] for _ in benches]
    for number in range(BLOCKS):
        for place, (figures, bench) in list(enumerate(benches))[:: (-1) ** number]:
            turns = await bench.block(number)
            figures.before.append(statistics.median(before for before, _ in turns))
            figures.after.append(statistics.median(after for _, after in turns))
            figures.p50.append(statistics.median(before + after for before, after in turns))
            totals[place] += [before + after for before, after in turns]
    for (figures, bench), total in zip(benches, totals, strict=True):
        figures.p95.append(sorted(total)[int(len(total) * 0.95)])
        await bench.burst(figures)


async def growing(history: int) -> float:
    """How much of a prompt is as in the turn before, on average, in one channel that holds so many lines already."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="tzurot-bench-") as folder:
        async with world() as bench:
            alice = Speaker(front="discord", external_id=str(bench.discord.user("Alice").id), name="Alice")
            await seed(Path(folder), alice, [int(bench.channels[0].id)], history, MEMORIES)
        async with world() as bench, bench.process(["-m", "tzurot", "run"], ours(bench, folder, history), figures):
            await bench.growing(figures)
    return statistics.mean(figures.same)


async def cold_start() -> float:
    """Seconds from the process's start to ready on an empty data directory."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="tzurot-bench-") as folder:
        async with world() as bench, bench.process(["-m", "tzurot", "run"], ours(bench, folder, 50), figures):
            pass
    return figures.ready_s[0]


def show(history: int, floor: Figures, keeping: Figures, bot: Figures) -> bool:
    """Print a table and the promises; whether all are kept."""
    m = statistics.median
    print(f"\n{history} lines of history, {MEMORIES} memories; medians over {len(floor.p95)} rounds")
    print(
        f"{'':8}{'before':>9}{'after':>9}{'p50':>9}{'p95':>9}{'replies/s':>11}{'ready s':>9}{'RSS MB':>9}{'PG MB':>8}"
    )
    for name, f in (("floor", floor), ("keeping", keeping), ("tzurot", bot)):
        print(
            f"{name:8}{m(f.before):9.2f}{m(f.after):9.2f}{m(f.p50):9.2f}{m(f.p95):9.2f}{m(f.burst):11.0f}"
            f"{m(f.ready_s):9.2f}{m(f.rss_mb):9.0f}{m(f.postgres_mb):8.0f}"
        )
    # of blocks and bursts that ran within seconds of each other
    p50 = m(ours - theirs for ours, theirs in zip(bot.p50, floor.p50, strict=True))
    p95 = m(ours - theirs for ours, theirs in zip(bot.p95, floor.p95, strict=True))
    pace = m(ours / theirs for ours, theirs in zip(bot.burst, floor.burst, strict=True))
    promises = (
        (f"p50 is the floor's {p50:+.2f} ms (at most +3)", p50 <= 3),
        (f"p95 is the floor's {p95:+.2f} ms (at most +4)", p95 <= 4),
        (f"replies a second are {pace:.2f} of the floor's (at least 0.8)", pace >= 0.8),
        (f"memory is {m(bot.rss_mb):.0f} MB (at most 150)", m(bot.rss_mb) <= 150),
        (f"ready after {m(bot.ready_s):.2f} s warm (at most 1.5)", m(bot.ready_s) <= 1.5),
    )
    stricter = m(ours - theirs for ours, theirs in zip(bot.p50, keeping.p50, strict=True))
    pace_kept = m(ours / theirs for ours, theirs in zip(bot.burst, keeping.burst, strict=True))
    print(f"  (beside a floor that keeps its connections: p50 {stricter:+.2f} ms, pace {pace_kept:.2f})")
    for text, kept in promises:
        print(f"  {'ok  ' if kept else 'MISS'} {text}")
    return all(kept for _, kept in promises)


async def main() -> int:
    logger.remove()  # seeding is not worth a word
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--history", type=int, nargs="*", default=[50, 200])
    given = parser.parse_args()
    kept = True
    for history in given.history:
        kept &= show(history, *await measure(history, given.rounds))
    few, same = await growing(FEW_LINES), await growing(MOST_LINES)
    print(f"\n  {'ok  ' if same >= 0.9 else 'MISS'} {same:.1%} of a prompt are as in the turn before (at least 90 %),")
    print(f"       over {GROWING} turns with a full window; {few:.1%} where only {FEW_LINES} short lines are shown")
    cold = await cold_start()
    print(f"\n  {'ok  ' if cold <= 3 else 'MISS'} ready after {cold:.2f} s cold (at most 3)")
    return 0 if kept and same >= 0.9 and cold <= 3 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
