"""Recordings in words. The asker's own voice message is what they say: its words stand in the place of the file."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.errors import Invalid, TzurotError
from tzurot.settings.catalog import TRANSCRIBE_VOICE
from tzurot.voice.hear import Recording

if TYPE_CHECKING:
    from tzurot.outbound import Guarded
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.guards import Guards
    from tzurot.settings.cascade import Cascade
    from tzurot.talk import Attachment, Incoming
    from tzurot.voice.hear import Transcriber

RECORDING_BYTES = 25 * 1024 * 1024  # what OpenAI takes
UNTIMED_BYTES = 5 * 1024 * 1024  # five minutes of music, of speech more
FETCH_S = 20.0
AT_ONCE = 4
ENDINGS = {"mpeg": "mp3", "mp4": "m4a", "x-m4a": "m4a", "x-wav": "wav", "wave": "wav", "vnd.wave": "wav"}


class Listen:
    def __init__(
        self,
        *,
        guarded: Guarded,
        transcriber: Transcriber | None,
        guards: Guards,
        cascade: Cascade,
        longest_s: float,
    ) -> None:
        self._guarded = guarded
        self._transcriber = transcriber
        self._guards = guards
        self._cascade = cascade
        self._longest_s = longest_s
        self._listening = asyncio.Semaphore(AT_ONCE)

    @property
    def is_able(self) -> bool:
        return self._transcriber is not None

    async def __call__(self, incoming: Incoming, front: Front, character_id: int, user_id: int | None) -> Incoming:
        """The message with its recording turned into words; as it is where it has none or nobody may or can listen.

        Who is not answered by that character is not listened to: it costs the host money.
        """
        said = incoming.utterance
        recordings = [one for one in said.attachments if one.is_voice]
        if not recordings or not self.is_able:
            return incoming
        if not (await self._cascade.of(place=said.place, user_id=user_id))[TRANSCRIBE_VOICE]:
            return incoming
        if await self._guards.keeps_out(said.speaker.external_id, said.place, character_id) is not None:
            return incoming
        if not self._guards.has_room(said.speaker.external_id, said.place):
            return incoming
        try:
            words = "\n".join([await self.words(one) for one in recordings]).strip()
            if not words:
                raise Invalid("voice.silent", "I heard no words in your voice message.", "Say it again, or write it.")
        except TzurotError as error:
            logger.warning("a voice message was not transcribed: {} {}", error.code, error)
            if self._guards.is_news(said.speaker.external_id, said.place, error):
                await front.tell(incoming, error, "")
            return incoming
        rest = tuple(one for one in said.attachments if not one.is_voice)
        return replace(incoming, utterance=replace(said, text=f"{said.text}\n{words}".strip(), attachments=rest))

    async def words(self, attachment: Attachment) -> str:
        """What is said in a recording.

        Raises:
            TzurotError: it is too long, cannot be fetched, or the service fails.

        """
        if self._transcriber is None:
            raise Invalid("voice.nobody", "Nobody is there to transcribe it.")
        # Discord tells how long its own voice messages are; of other recordings only the size hints at it
        most_bytes = RECORDING_BYTES if attachment.seconds is not None else UNTIMED_BYTES
        most = f"{self._longest_s:g} seconds or {most_bytes // 2**20} MB"
        too_long = Invalid("voice.too_long", f"A recording of more than {most} is not listened to.", "Send less.")
        if (attachment.seconds or 0) > self._longest_s or attachment.size_bytes > most_bytes:
            raise too_long
        async with self._listening:
            fetched = await self._guarded.get(attachment.url, limit_bytes=most_bytes, timeout_s=FETCH_S)
            if not fetched.whole:
                raise too_long
            kind = attachment.media_type.partition(";")[0].strip().lower() or "audio/ogg"
            recording = Recording(name=f"recording.{_ending(kind)}", media_type=kind, content=fetched.content)
            return await self._transcriber(recording)


def _ending(media_type: str) -> str:
    """Services tell a file's format by its name."""
    kind = media_type.partition("/")[2]
    return ENDINGS.get(kind) or re.sub(r"[^a-z0-9]", "", kind)[:8] or "ogg"
