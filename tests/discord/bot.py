"""The real bot as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.loopback import LoopbackDiscord, ScriptedLLM

NEVER = ("Task exception was never retrieved", "Traceback (most recent call last)", "went wrong inside", "ERROR")


class Bot:
    """`async with Bot(discord, llm, url) as bot`: `tzurot run` until the end of the block, then SIGTERM and exit 0.

    What it logs is in `log`; lines that no healthy bot logs fail the test at the end, unless `may_complain`.
    """

    def __init__(
        self,
        discord: LoopbackDiscord,
        llm: ScriptedLLM,
        database_url: str,
        *,
        may_complain: bool = False,
        **environment: str,
    ) -> None:
        self.discord = discord
        self.may_complain = may_complain
        self.log: list[str] = []
        self._environment: Mapping[str, str] = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TZUROT_")},  # noqa: TID251
            "DISCORD_TOKEN": discord.token,
            "TZUROT_DISCORD__REST_URL": discord.rest_url,
            "TZUROT_LLM__BASE_URL": llm.base_url,
            "TZUROT_LLM__MODEL": "scripted",
            "TZUROT_HEALTH__PORT": "0",
            "TZUROT_DATABASE__URL": database_url,
            "TZUROT_CONFIG": os.devnull,
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._heard = asyncio.Condition()

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def start(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tzurot", "run", env=self._environment, stderr=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._heard:
                self.log.append(line.decode().rstrip())
                self._heard.notify_all()
        async with self._heard:
            self.log.append("(end)")
            self._heard.notify_all()

    @property
    def complaints(self) -> list[str]:
        """Lines that no healthy bot logs."""
        return [line for line in self.log if any(words in line for words in NEVER)]

    async def logged(self, words: str, within_s: float = 30) -> str:
        """Wait for a line that holds the words."""

        def found() -> str | None:
            return next((line for line in self.log if words in line), None)

        try:
            async with asyncio.timeout(within_s), self._heard:
                await self._heard.wait_for(lambda: found() or "(end)" in self.log)
        except TimeoutError:
            pass
        line = found()
        assert line is not None, f"“{words}” was never logged:\n" + "\n".join(self.log)
        return line

    async def ready(self) -> None:
        line = await self.logged(" ready")
        assert line.split()[-1] == "ready"

    async def kill(self) -> None:
        """As power would fail."""
        self.process.kill()
        await self._end()

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self._end()

    async def _end(self) -> int:
        code = await self.process.wait()
        assert self._reading is not None
        await self._reading
        return code

    async def __aenter__(self) -> Self:
        await self.start()
        try:
            await self.ready()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is not None:
            return
        code = await self.stop()
        if error is not None:
            sys.stderr.write("\n".join(["the bot's log:", *self.log, ""]))
            return
        assert code == 0, "\n".join(self.log)
        if not self.may_complain:
            assert not self.complaints, "\n".join(self.log)
