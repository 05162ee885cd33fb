"""Where log lines go and what never enters one: redaction by value and shape, the turn's reference on each."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from typing import TextIO

FORMAT = "{time:HH:mm:ss.SSS} {level:<7} {extra[turn]}{message}\n{exception}"
SHAPES = re.compile(
    r"""
      (?:Bot|Bearer)\s+[\w.~+/=-]{16,}                  # authorisation headers
    | [MNO][\w-]{20,}\.[\w-]{6}\.[\w-]{20,}             # a bot's token
    | (?<=/webhooks/)\d+/[\w.-]{20,}                     # a webhook with its token
    | (?<=/interactions/)\d+/[\w.-]{20,}
    | \b(?:sk[-_]|gsk_|AIza)[\w-]{16,}                  # keys of language model providers
    | (?<=://)[^\s:/@]*:[^\s@/]+(?=@)                   # user and password in an address
    """,
    re.VERBOSE,
)
SHORTEST = 6  # anything shorter would blank ordinary words
MASK = "[redacted]"


class Redaction:
    """Takes known secret values and whatever has the shape of one out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._values = sorted((value for value in secrets if len(value) >= SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, MASK)
        return SHAPES.sub(MASK, text)


class StandardLibrary(logging.Handler):
    """Hands the standard library's records (hikari's, asyncio's) to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in logger._core.levels else record.levelno  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] # noqa: SLF001
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a library formats its own line wrongly: that is no reason to fail here
            self.handleError(record)
            return
        logger.opt(exception=record.exc_info, depth=6).log(level, message)


def start(level: str, secrets: Iterable[str], sink: TextIO = sys.stderr) -> Redaction:
    """Send every log line of the process, the libraries' too, through redaction to `sink`."""
    redact = Redaction(secrets)

    def write(message: str) -> None:
        sink.write(redact(message))
        sink.flush()

    logger.remove()
    logger.configure(extra={"turn": ""})
    # diagnose prints the values of local variables beside a traceback: keys and people's words among them
    logger.add(write, level=level, format=lambda _: FORMAT, diagnose=False, backtrace=False)
    logging.basicConfig(handlers=[StandardLibrary()], level=level, force=True)
    for chatty in ("httpx", "httpcore", "tortoise", "asyncio", "lightbulb", "linkd", "hikari", "PIL"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return redact


def turn_reference(reference: str) -> AbstractContextManager[None]:
    """Put the turn's reference on every line logged inside."""
    return logger.contextualize(turn=f"[{reference}] ")
