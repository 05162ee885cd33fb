"""No secret reaches a log line, whichever way it comes: canaries pushed through every door."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from loguru import logger

from tzurot import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"
HOOK = "T0k3n-of-a-webhook_abcdefghijklmnopqrstuvwxyz0123456789"
SHAPED = {
    "a bare bot token": (TOKEN, TOKEN),
    "a bot token in a header": (f"{{'Authorization': 'Bot {TOKEN}'}}", TOKEN),
    "an unknown kind of token in a header": ("Authorization: Bot abcdefgh12345678xyz", "abcdefgh12345678xyz"),
    "a webhook": (f"POST https://discord.com/api/v10/webhooks/1234567890/{HOOK}?wait=true", HOOK),
    "a webhook's message": (f"/webhooks/1234567890/{HOOK}/messages/5", HOOK),
    "an interaction": (f"POST /interactions/987654321/{HOOK}/callback", HOOK),
    "a provider's key": ("key sk-or-v1-0123456789abcdef0123456789", "sk-or-v1-0123456789abcdef0123456789"),
    "a bearer": ("authorization: Bearer eyJhbGciOi.J9-_~+/=abc123", "eyJhbGciOi.J9-_~+/=abc123"),
    "the password of an address": ("postgresql://tzurot:hunter22@db.example:5432/bot", "hunter22"),
    "a proxy's password": ("http://me:s3cr3t!$&@proxy.example", "s3cr3t!$&"),
}
CONFIGURED = ("correct horse battery", "sëcret·凛", "with\\backslash'quote", "sk")


class Boom(Exception): ...


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)  # whatever stands there by then


def by_loguru(text: str) -> None:
    logger.info("before {} after", text)
    logger.warning(f"{text}")


def by_the_standard_library(text: str) -> None:
    logging.getLogger("somebody").warning("before %s after", text)
    logging.getLogger("hikari.rest").error(text)
    logging.getLogger("somebody").warning("mapped %(key)s", {"key": text})


def by_a_traceback(text: str) -> None:
    def deeper(held: str) -> None:
        raise Boom(held)

    for shout in (logger.exception, logging.getLogger("asyncio").exception):
        try:
            try:
                deeper(text)
            except Boom as error:
                raise ValueError(f"again {text}") from error
        except ValueError:
            shout("it failed")


DOORS = [by_loguru, by_the_standard_library, by_a_traceback]


@contextmanager
def logging_to_memory(*secrets: str) -> Iterator[io.StringIO]:
    """The product's logging, and afterwards the test run's own again."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # else they would be closed
    sink = io.StringIO()
    try:
        log.start("INFO", secrets, sink)
        yield sink
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logger.remove()
        logger.add(_to_stderr)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", SHAPED)
def test_what_has_the_shape_of_a_secret_never_appears(door: Callable[[str], None], kind: str) -> None:
    text, secret = SHAPED[kind]
    with logging_to_memory() as sink:
        door(text)
    assert log.MASK in sink.getvalue()
    assert secret not in sink.getvalue()


@pytest.mark.parametrize("door", DOORS)
def test_a_configured_secret_never_appears_whatever_its_shape(door: Callable[[str], None]) -> None:
    for secret in CONFIGURED[:3]:
        with logging_to_memory(*CONFIGURED) as sink:
            door(f"({secret})")
        assert f"({log.MASK})" in sink.getvalue()
        assert secret not in sink.getvalue()


def test_of_secrets_inside_each_other_nothing_is_left() -> None:
    redact = log.Redaction(["abcdef", "abcdefghij", ""])
    assert redact("abcdefghij abcdef") == f"{log.MASK} {log.MASK}"


def test_ordinary_words_stay() -> None:
    line = "Bot ready; sk-8 boards; see https://discord.com/webhooks/ and 12:30 at http://host:80/a@b. MNO.abcdef.x"
    assert log.Redaction(["sk", ""])(line) == line


def test_values_of_local_variables_are_not_printed_beside_a_traceback() -> None:
    def failing() -> None:
        passphrase = "local variable of no shape"
        raise Boom(len(passphrase))

    with logging_to_memory() as sink:
        try:
            failing()
        except Boom:
            logger.exception("it failed")
    assert "Boom: 26" in sink.getvalue()
    assert "local variable of no shape" not in sink.getvalue()


def test_each_line_carries_the_turn_it_belongs_to() -> None:
    with logging_to_memory() as sink:
        with log.turn_reference("01AB"):
            logger.info("inside")
            logging.getLogger("somebody").warning("inside too")
        logger.info("outside {braces} {}")
        logger.debug("too quiet")
        logging.getLogger("httpx").info("chatter")
    lines = [line.split(" ", 1)[1] for line in sink.getvalue().splitlines() if line]
    assert [" ".join(line.split()) for line in lines] == [
        "INFO [01AB] inside",
        "WARNING [01AB] inside too",
        "INFO outside {braces} {}",
    ]
