"""How a character's face reaches Discord: a public address, an emoji uploaded once, or a webhook that wears it.

A webhook message shows whatever `avatar_url` points at, and Discord must be able to fetch it. An application emoji is a
picture that Discord itself serves; that its address is taken as an avatar was not proved against the real Discord.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING

import hikari
from loguru import logger

from tzurot.errors import TzurotError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from hikari.api import RESTClient

    from tzurot.pipeline.turn import Voice
    from tzurot.tables.characters import Characters, Face

EMOJI_BYTES = 256 * 1024
SIDE = 128
PREFIX = "face_"


class Avatars:
    """Faces are prepared in the background; a reply whose face is not ready goes out without it."""

    def __init__(self, rest: RESTClient, application_id: int, characters: Characters, public_url: str) -> None:
        self._rest = rest
        self._application_id = application_id
        self._characters = characters
        self._public_url = public_url.rstrip("/")
        self._urls: dict[str, str] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._tried: set[str] = set()
        self._listed = False
        self._refused: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def url(self, voice: Voice) -> str | None:
        """Where the face is to be had now; asking for one that is not ready prepares it for next time."""
        if not voice.avatar_digest:
            return None
        if self._public_url:
            return f"{self._public_url}/faces/{voice.avatar_digest}"
        name = emoji_name(voice.avatar_digest)
        if self._listed and name not in self._urls and name not in self._tried:
            self._spawn(self._upload(voice.character_id, name))
        return self._urls.get(name)

    async def to_wear(self, voice: Voice) -> Face | None:
        """The face itself, where Discord did not take it as an emoji: then a webhook has to wear it."""
        if not voice.avatar_digest or emoji_name(voice.avatar_digest) not in self._refused:
            return None
        return await self._characters.face(voice.character_id)

    def prepare_all(self) -> None:
        """Learn which faces were uploaded before, and upload the others."""
        if not self._public_url:
            self._spawn(self._prepare_all())

    async def close(self) -> None:
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _prepare_all(self) -> None:
        try:
            for emoji in await self._rest.fetch_application_emojis(self._application_id):
                if emoji.name.startswith(PREFIX):
                    self._urls[emoji.name] = str(emoji.url)
            self._listed = True
            for character in await self._characters.everybody():
                if character.avatar_digest and emoji_name(character.avatar_digest) not in self._urls:
                    await self._upload(character.id, emoji_name(character.avatar_digest))
        except (hikari.HTTPError, TzurotError) as error:
            logger.warning("the characters' faces could not be prepared: {}", error)

    async def _upload(self, character_id: int, name: str) -> None:
        """Upload one face, once in the life of the process."""
        async with self._one_at_a_time:
            if name in self._tried:
                return
            self._tried.add(name)
            try:
                face = await self._characters.face(character_id)
                if face is None:
                    return
                picture = face.content
                if len(picture) > EMOJI_BYTES:
                    picture = await asyncio.to_thread(small_png, picture)
                emoji = await self._rest.create_application_emoji(
                    self._application_id, name, hikari.Bytes(picture, f"{name}.png")
                )
                self._urls[name] = str(emoji.url)
            except hikari.ClientHTTPResponseError as error:
                self._refused.add(name)
                logger.info("a face was not taken as an emoji: {}", error.message)
            except (hikari.HTTPError, TzurotError, OSError) as error:
                self._tried.discard(name)
                logger.warning("a face could not be uploaded: {}", error)


def emoji_name(digest: str) -> str:
    """An emoji's name is 2 to 32 letters, digits and underscores."""
    return PREFIX + digest[:24]


def small_png(content: bytes) -> bytes:
    """The picture as Discord shows avatars, well below what an emoji may have."""
    from PIL import Image  # noqa: PLC0415 - 5 MB, for a face that is too large as it is

    with Image.open(BytesIO(content)) as image:
        image.thumbnail((SIDE, SIDE))
        out = BytesIO()
        image.convert("RGBA").save(out, "PNG", optimize=True)
    return out.getvalue()
