"""The characters of a fresh database, so that the bot has somebody to talk with before anybody imports a card."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.cards.read import read_json
from tzurot.tables.characters import Face

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tzurot.cards.card import Card
    from tzurot.tables.characters import Characters

STARTERS = ("maren", "quill", "tamsin")


def starters() -> Iterator[tuple[str, Card, Face]]:
    """Slug, card and face of each."""
    folder = files("tzurot.operations") / "starters"
    for slug in STARTERS:
        face = Face(content=(folder / f"{slug}.png").read_bytes(), media_type="image/png")
        yield slug, read_json((folder / f"{slug}.json").read_bytes()).card, face


async def add_starters(characters: Characters) -> None:
    """Add them to a database that never held them; deleted ones stay deleted."""
    if await characters.inhabit(starters()):
        logger.info("a new database: {} moved in", ", ".join(STARTERS))
