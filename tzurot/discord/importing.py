"""Cards from files that people send: one of any kind, or many in an archive, with a word on how far it is."""

from __future__ import annotations

import asyncio
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

from tzurot.cards.charx import CARD, is_archive
from tzurot.cards.read import FILE_BYTES, read_card
from tzurot.discord.commands import show
from tzurot.errors import Invalid, TzurotError
from tzurot.operations.portrait import portrait
from tzurot.settings.catalog import AGE_RESTRICTED
from tzurot.settings.setting import Tier
from tzurot.tables.characters import Face
from tzurot.tables.settings import Scope
from tzurot.ui.character import welcome
from tzurot.ui.screen import Screen

if TYPE_CHECKING:
    from tzurot.cards.read import Reading
    from tzurot.discord.commands import Asked
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.settings import Tuned

MANY = 200
UNPACKED_BYTES = 200 * 1024 * 1024
TOLD_EVERY = 10
CARDS = (".json", ".png", ".apng", ".charx")
ADULT = frozenset({"nsfw", "adult", "explicit", "18+", "r18"})  # tags of cards for adults


class Importing:
    def __init__(self, characters: Characters, tuned: Tuned) -> None:
        self._characters = characters
        self._tuned = tuned

    async def take(self, asked: Asked, content: bytes, name: str) -> Screen:
        """Bring in what a file holds.

        Raises:
            Invalid: it is no card, and no archive of cards.

        """
        members = await asyncio.to_thread(cards_in, content) if is_archive(content) else None
        if members is None:
            summary, reading = await self._one(asked.viewer.user_id, content)
            return welcome(summary, reading)
        return await self._many(asked, members, name)

    async def _one(self, user_id: int, content: bytes) -> tuple[CharacterSummary, Reading]:
        reading = await asyncio.to_thread(read_card, content)
        face = None
        if reading.picture is not None:
            try:
                picture, media_type = await portrait(reading.picture)
                face = Face(content=picture, media_type=media_type)
            except Invalid:
                pass  # a card is worth having without its face
        summary = await self._characters.add(reading.card, owner_id=user_id, face=face, files=reading.files)
        if not ADULT.isdisjoint(tag.casefold() for tag in reading.card.tags):
            await self._tuned.put(Scope(Tier.CHARACTER.key, str(summary.id)), AGE_RESTRICTED.key, value=True)
        return summary, reading

    async def _many(self, asked: Asked, members: list[tuple[str, bytes]], name: str) -> Screen:
        came: list[str] = []
        refused: list[str] = []
        for number, (member, content) in enumerate(members, 1):
            try:
                summary, _ = await self._one(asked.viewer.user_id, content)
                came.append(summary.name)
            except TzurotError as error:
                refused.append(f"{member}: {error.sentence}")
            if number % TOLD_EVERY == 0:
                await show(asked.context, f"{number} of {len(members)} …")
        return Screen(
            title=f"{len(came)} characters are here",
            text=", ".join(came),
            fields=(("Not read", "\n".join(refused)),) if refused else (),
            footer=name,
        )


def cards_in(content: bytes) -> list[tuple[str, bytes]] | None:
    """The cards of an archive, or None where it is a card itself.

    Raises:
        Invalid: it cannot be read, holds no card, or too much.

    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if CARD in archive.namelist():
                return None
            infos = [i for i in archive.infolist() if i.filename.lower().endswith(CARDS) and not i.is_dir()]
            if not infos:
                raise Invalid(
                    "cards.none", "There is no card in that archive.", "It may hold PNG, JSON and CHARX files."
                )
            if len(infos) > MANY or sum(info.file_size for info in infos) > UNPACKED_BYTES:
                raise Invalid("cards.too_many", f"More than {MANY} cards at once are too many.", "Send them in parts.")
            return [(info.filename, _member(archive, info)) for info in infos]
    except (zipfile.BadZipFile, RuntimeError, EOFError, ValueError):
        raise Invalid("cards.damaged", "That archive cannot be read.", "Pack it again, without a password.") from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """At most what a card may have: sizes in an archive may lie."""
    with archive.open(info) as file:
        return file.read(FILE_BYTES + 1)
