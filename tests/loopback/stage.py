"""`python -m tests.loopback.stage`: the real bot on a loopback Discord, and a shell to click through it.

Options: `--bot COMMAND` starts something else than `python -m tzurot run`; `--fresh` uses a throwaway data folder;
`--scripted-llm` gives it a language model that repeats what it heard; `--port N` fixes the port of the Discord. Without
a configured model the small one of the extra `local` answers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.loopback.discord import LoopbackDiscord
from tests.loopback.llm import ScriptedLLM
from tests.loopback.stage_shell import Shell
from tzurot.config import load
from tzurot.llm.local import SMALL_CONTEXT, SMALL_MODEL, LocalModel, small_model_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START_S = 120.0
DRAIN_S = 20.0
SMALL = {"TZUROT_LLM__CONTEXT_TOKENS": str(SMALL_CONTEXT), "TZUROT_LLM__REPLY_TOKENS": "100"}
LOG = "bot.log"
ROOT = Path(__file__).resolve().parents[2]


def stage_folder(*, fresh: bool) -> Path:
    """Where the staged bot keeps its data: beside the user's other data, or thrown away."""
    if fresh:
        return Path(tempfile.mkdtemp(prefix="tzurot-stage-"))
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")  # noqa: TID251
    folder = Path(home) / "tzurot-stage"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def start_bot(
    discord: LoopbackDiscord, command: list[str], folder: Path, more: dict[str, str]
) -> asyncio.subprocess.Process:
    surroundings = dict(os.environ) | {  # noqa: TID251
        "DISCORD_TOKEN": discord.token,
        "TZUROT_DISCORD__TOKEN": discord.token,
        "TZUROT_DISCORD__REST_URL": discord.rest_url,
        "TZUROT_HEALTH__PORT": "0",
        "TZUROT_DATABASE__DATA_DIR": str(folder / "data"),
        **more,
    }
    with (folder / LOG).open("ab") as out:
        return await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=surroundings, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )


async def lines(shell: Shell) -> AsyncIterator[str]:
    """Lines from a person at a terminal, or from a pipe."""
    if sys.stdin.isatty():
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        session: PromptSession[str] = PromptSession()
        with patch_stdout(), contextlib.suppress(EOFError, KeyboardInterrupt):
            while True:
                yield await session.prompt_async(shell.prompt)
        return
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line


async def play(discord: LoopbackDiscord, bot: asyncio.subprocess.Process) -> None:
    """Lines until they end; from a pipe each waits for what it sets off."""
    shell = Shell(discord, print_now)
    piped = not sys.stdin.isatty()
    async for text in lines(shell):
        if piped and text.strip():
            print_now(f"{shell.prompt}{text.strip()}")
        if not await shell.line(text):
            return
        if piped:
            await shell.settle()
        if bot.returncode is not None:
            print_now(f"! the bot ended with status {bot.returncode}")
            return


def print_now(text: str) -> None:
    print(text, flush=True)


async def stop_bot(bot: asyncio.subprocess.Process) -> None:
    if bot.returncode is None:
        bot.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(bot.wait(), DRAIN_S)
        except TimeoutError:
            bot.kill()
            await bot.wait()


async def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--bot", default="", help="the command that starts the bot")
    asked.add_argument("--fresh", action="store_true", help="a throwaway data folder")
    asked.add_argument("--port", type=int, default=0, help="the port of the loopback Discord")
    asked.add_argument("--scripted-llm", action="store_true", help="a language model that repeats what it heard")
    given = asked.parse_args()
    folder = stage_folder(fresh=given.fresh)
    discord, llm = LoopbackDiscord(), ScriptedLLM()
    await discord.start(given.port)
    more: dict[str, str] = {}
    small: LocalModel | None = None
    if given.scripted_llm:
        await llm.start()
        more = {"TZUROT_LLM__BASE_URL": llm.base_url, "TZUROT_LLM__MODEL": llm.models[0]}
    elif not load().llm_base_url and (weights := small_model_file()):
        small = await LocalModel.start(weights, SMALL_MODEL)
        more = {"TZUROT_LLM__BASE_URL": small.found.base_url, "TZUROT_LLM__MODEL": SMALL_MODEL, **SMALL}
    try:
        print_now(f"Discord stands at {discord.rest_url}; the bot logs to {folder / LOG}; /? tells the rest.")
        command = shlex.split(given.bot) or [sys.executable, "-m", "tzurot", "run"]
        bot = await start_bot(discord, command, folder, more)
        return await perform(discord, bot, folder / LOG)
    finally:
        await discord.stop()
        await llm.stop()
        if small is not None:
            small.close()


async def perform(discord: LoopbackDiscord, bot: asyncio.subprocess.Process, log: Path) -> int:
    """The bot comes up, a person plays, and at the end the account is read."""
    ended = asyncio.ensure_future(bot.wait())
    ready = asyncio.ensure_future(discord.ready(timeout=START_S))
    try:
        await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done() or ready.exception():
            print_now(f"! the bot did not come up; the end of its log:\n{tail(log)}")
            return 1
        await play(discord, bot)
    finally:
        ready.cancel()
        await stop_bot(bot)
    print_now(discord.report())
    for one in (*discord.violations, *discord.own_violations):
        print_now(f"! {one}")
    return 0


def tail(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-count:])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
