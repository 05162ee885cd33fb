"""What whoever hosts the bot meets when something is missing or wrong."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.discord.bot import Bot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def page(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def until(port: int, status: int) -> str:
    """Ask /readyz until it answers so."""
    async with asyncio.timeout(15):
        while True:
            try:
                seen, text = await page(port, "/readyz")
                if seen == status:
                    return text
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def test_without_a_token_it_explains_and_waits(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, unused_tcp_port: int
) -> None:
    bot = await Bot(discord, llm, database_url, DISCORD_TOKEN="", TZUROT_HEALTH__PORT=str(unused_tcp_port)).start()
    await bot.logged("Three steps")
    assert await until(unused_tcp_port, 503) == "Discord's token is missing\n"
    assert (await page(unused_tcp_port, "/livez"))[0] == 200
    assert await bot.stop() == 0
    steps = [line for line in bot.log if re.match(r"\s+[123]\. ", line)]
    assert len(steps) == 3


async def test_a_wrong_token_is_named_and_waited_with(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, unused_tcp_port: int
) -> None:
    wrong = discord.token[:-3] + "xxx"
    bot = await Bot(discord, llm, database_url, DISCORD_TOKEN=wrong, TZUROT_HEALTH__PORT=str(unused_tcp_port)).start()
    await bot.logged("does not accept the token")
    assert "does not accept the token" in await until(unused_tcp_port, 503)
    assert await bot.stop() == 0
    assert wrong not in "\n".join(bot.log)


async def test_a_token_that_is_none_is_named(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    bot = await Bot(discord, llm, database_url, DISCORD_TOKEN="my bot").start()
    await bot.logged("does not accept the token")
    assert await bot.stop() == 0


async def test_ready_names_the_invite_link_and_the_health_page_follows_the_gateway(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, unused_tcp_port: int
) -> None:
    async with Bot(discord, llm, database_url, TZUROT_HEALTH__PORT=str(unused_tcp_port), may_complain=True) as bot:
        link = await bot.logged("invite: ")
        assert f"client_id={discord.bot.id}" in link
        assert "permissions=275414846464" in link  # view, send, send in threads, manage webhooks, read history
        assert await until(unused_tcp_port, 200) == "ready\n"
        status, metrics = await page(unused_tcp_port, "/metrics")
        assert status == 200
        assert "process_resident_memory_bytes" in metrics


async def test_without_the_content_intent_it_names_the_switch_and_goes_on(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    discord.message_content_intent = "missing"
    async with Bot(discord, llm, database_url) as bot:
        await bot.logged("switch on Message Content Intent")
        llm.say("By mention.")
        await discord.say("general", "Alice", f"{discord.bot.mention} hello")
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) == 1)
        llm.say("In private.")
        dm = discord.dm_with("Alice")
        await discord.say(dm, "Alice", "and here?")
        await discord.wait_for(lambda d: d.bot_messages(dm))
        llm.say("By command.")
        chat = await discord.slash("general", "Alice", "chat", {"character": "maren", "message": "hello"})
        await chat.done()
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) == 2)


async def test_discord_is_awaited_when_it_cannot_be_reached(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, unused_tcp_port: int
) -> None:
    nowhere = "http://127.0.0.1:9/api/v10"
    bot = await Bot(
        discord, llm, database_url, TZUROT_DISCORD__REST_URL=nowhere, TZUROT_HEALTH__PORT=str(unused_tcp_port)
    ).start()
    await bot.logged("Discord cannot be reached")
    assert "cannot be reached" in await until(unused_tcp_port, 503)
    assert await bot.stop() == 0


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("TZUROT_LLM__BASE_URL", "localhost:11434", "llm.base_url"),
        ("TZUROT_HEALTH__PORT", "seventy", "health.port"),
        ("TZUROT_DATABASE__URL", "mysql://x", "not the address of a Postgres database"),
        ("TZUROT_DATABASE__URL", "postgres://nobody:secret-password@127.0.0.1:9/x", "The database cannot be reached"),
    ],
)
async def test_a_wrong_configuration_is_one_sentence(
    discord: LoopbackDiscord, llm: ScriptedLLM, variable: str, value: str, sentence: str
) -> None:
    bot = await Bot(discord, llm, "postgres://x/y", **{variable: value}).start()
    assert await bot.process.wait() == 1
    await bot.logged(sentence)
    text = "\n".join(bot.log)
    assert "Traceback" not in text
    assert "secret-password" not in text


async def test_a_second_run_over_the_same_data_is_refused_naming_the_first(
    discord: LoopbackDiscord, llm: ScriptedLLM, tmp_path: Path
) -> None:
    here = {"TZUROT_DATABASE__URL": "", "TZUROT_DATABASE__DATA_DIR": str(tmp_path / "data")}
    async with Bot(discord, llm, "", **here) as first:
        second = await Bot(discord, llm, "", **here).start()
        assert await second.process.wait() == 1
        await second.logged(str(first.process.pid))


async def test_piped_play_talks_and_remembers_while_the_bot_runs(
    discord: LoopbackDiscord, llm: ScriptedLLM, tmp_path: Path
) -> None:
    here = {"TZUROT_DATABASE__URL": "", "TZUROT_DATABASE__DATA_DIR": str(tmp_path / "data")}
    async with Bot(discord, llm, "", **here):
        llm.say("A piped hello.", "Second line.")
        play = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tzurot", "play", "--as", "Pia"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **here, "TZUROT_LLM__BASE_URL": llm.base_url, "TZUROT_CONFIG": os.devnull},  # noqa: TID251
        )
        out, side = await play.communicate(b"hello\nand again\n/inspect\n")
        assert out.decode() == "A piped hello.\nSecond line.\n"
        assert "Maren answers through" in side.decode()
        assert "Pia: and again" in side.decode()
        assert play.returncode == 0


async def test_sigterm_finishes_what_was_begun(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    from tests.loopback.llm import Slow

    async with Bot(discord, llm, database_url) as bot:
        llm.say(Slow("Just in time.", 1.0))
        await discord.say("general", "Alice", "@Maren one more")
        await llm.asked()
        bot.process.send_signal(signal.SIGTERM)
        assert await bot.process.wait() == 0
    assert [message["content"] for message in discord.webhook_messages("general")] == ["Just in time."]
