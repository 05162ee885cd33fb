"""The characters of a fresh database, so that the bot has somebody to talk with before anybody imports a card."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.cards.read import read_json
from tzurot.tables.characters import Face

if TYPE_CHECKING:
    from tzurot.database.connect import Database
    from tzurot.tables.characters import Characters

STARTERS = ("maren", "quill", "tamsin")
LOCK = 0x545A53544152  # "TZSTAR"


async def add_starters(database: Database, characters: Characters) -> None:
    """Add them to a database that never held a character; deleted ones stay deleted."""
    # the id sequence remembers what was there even after every row is gone
    used = "SELECT is_called FROM characters_id_seq"
    if await database.value(used):
        return
    async with database.connection() as lock:
        await lock.execute(f"SELECT pg_advisory_lock({LOCK})")
        try:
            if await database.value(used):
                return
            folder = files("tzurot.operations") / "starters"
            for slug in STARTERS:
                card = read_json((folder / f"{slug}.json").read_bytes()).card
                face = Face(content=(folder / f"{slug}.png").read_bytes(), media_type="image/png")
                await characters.add(card, owner_id=None, slug=slug, face=face)
            logger.info("a new database: {} moved in", ", ".join(STARTERS))
        finally:
            await lock.execute(f"SELECT pg_advisory_unlock({LOCK})")
