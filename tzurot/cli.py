"""The command line: `tzurot run`, `tzurot play`, `tzurot migrate`."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import getpass
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tzurot import __version__, config, log
from tzurot.errors import TzurotError

if TYPE_CHECKING:
    from collections.abc import Sequence


M_TRIM_THRESHOLD = -1  # glibc's malloc.h
TRIM_BYTES = 128 * 1024
NAME_LENGTH = 60


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
    try:
        settings = config.load()
        level = "WARNING" if given.verb == "play" and settings.log.level == "INFO" else settings.log.level
        log.start(level, settings.secrets())
        match given.verb:
            case "run":
                _give_memory_back()
                from tzurot.serve import run

                return asyncio.run(run(settings))
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


def _give_memory_back() -> None:
    """Let glibc return freed memory at once: by itself it keeps what one burst of turns needed, ten percent of all."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)


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
