"""The command line: `tzurot run`, `tzurot play`, `tzurot migrate`."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import getpass
import importlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tzurot import __version__, config, log
from tzurot.errors import TzurotError

if TYPE_CHECKING:
    from collections.abc import Sequence


M_TRIM_THRESHOLD = -1  # glibc's malloc.h
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
KEPT_BYTES = 1024 * 1024
NAME_LENGTH = 60
YOUNG_OBJECTS = 100_000


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="tzurot", description="A Discord bot through which people talk with AI characters."
    )
    top.add_argument("--version", action="version", version=f"tzurot {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="run the bot on Discord")
    play = verbs.add_parser("play", help="talk with a character here, without Discord")
    play.add_argument("--character", default="", metavar="NAME", help="who to talk with")
    play.add_argument("--as", dest="name", default="", metavar="NAME", help="who you are")
    play.add_argument("--model", default="", metavar="MODEL", help="a model's name, `qwen`, or a GGUF file")
    verbs.add_parser("migrate", help="bring the database's schema up to date and stop")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; 0 when it did its work, 1 when a sentence on stderr says why not."""
    given = parser().parse_args(arguments)
    # what is made until the bot is ready stays: looking through it for garbage took a quarter of a first start
    gc.set_threshold(YOUNG_OBJECTS)
    try:
        settings = config.load()
        level = "WARNING" if given.verb == "play" and settings.log.level == "INFO" else settings.log.level
        log.start(level, settings.secrets())
        match given.verb:
            case "run":
                _be_frugal()
                return asyncio.run(_run(settings))
            case "play":
                from tzurot.play import play

                name = (given.name or _login())[:NAME_LENGTH]
                _forgive(sys.stdin)
                return asyncio.run(play(settings, name=name, character=given.character, model=given.model))
            case _:
                return asyncio.run(_migrate(settings))
    except TzurotError as error:
        print(f"tzurot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the replies has gone
        os.close(1)
        return 1


def _forgive(stream: object) -> None:
    """Read bytes that are no text as question marks, instead of ending."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _be_frugal() -> None:
    """Let glibc keep less to itself: by its own rules one burst of turns costs a tenth of all memory for good.

    What is freed goes back but for a megabyte, and all threads share one arena, because few are at work. What a search
    takes and gives back with each turn stays below that: fetched anew it costs a page fault for every 4 KB.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_ARENA_MAX, 1)


async def _run(settings: config.Config) -> int:
    """Start the database while the bot's modules are read: each takes about a second."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    embedded = None
    if settings.token and not settings.dsn:
        from tzurot.database.server import EmbeddedServer

        embedded = asyncio.create_task(EmbeddedServer.open(settings.data_dir, exclusive=True))
    try:
        serve = await asyncio.to_thread(importlib.import_module, "tzurot.serve")
        return await serve.run(settings, stop, embedded)
    finally:
        if embedded is not None:
            embedded.cancel()  # does nothing where it is done
            await asyncio.wait({embedded})
            if not embedded.cancelled() and embedded.exception() is None:
                await embedded.result().close()


async def _migrate(settings: config.Config) -> int:
    from tzurot.app import App

    async with App(settings, exclusive=True):
        print("The database is up to date.")
    return 0


def _login() -> str:
    try:
        return getpass.getuser().capitalize()
    except (OSError, KeyError):
        return Path.home().name.capitalize() or "Somebody"
