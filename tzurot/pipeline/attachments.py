"""What people attach, so that the character knows of it: texts, pictures, recordings; the rest by name.

Nothing that is attached can make a turn fail: what cannot be read becomes a line that says why.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.errors import TzurotError
from tzurot.pipeline.attached import UNHEARD
from tzurot.pipeline.decoding import beginning, decoded, shares
from tzurot.pipeline.pictures import is_picture, shrunk
from tzurot.pipeline.turn import UNASKED, Attached, Kind
from tzurot.prompt.tokens import estimate
from tzurot.settings.catalog import IMAGES, INCOGNITO_UNTIL, READ_PAGES, TRANSCRIBE_VOICE
from tzurot.talk import Attachment

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from tzurot.llm.chat import Route
    from tzurot.llm.models import Catalogue
    from tzurot.outbound import Guarded
    from tzurot.pipeline.describe import Describe
    from tzurot.pipeline.listen import Listen
    from tzurot.pipeline.turn import Scene
    from tzurot.talk import MessageLink

LONG = frozenset({"file", "page"})  # what is cut where it is too much
KINDS: dict[str, Kind] = {"image": "picture", "audio": "recording"}
MOST = 10
MOST_PICTURES = 4
MOST_BYTES = 40 * 1024 * 1024
PICTURE_BYTES = 20 * 1024 * 1024
TEXT_BYTES = 256 * 1024  # more than any prompt takes
AT_ONCE = 6
DEADLINE_S = 75.0  # a transcription may take sixty
FETCH_S = 15.0
SHARE = 0.3  # of the room in the window that texts may take
MOST_TOKENS = 8000
READABLE = re.compile(
    r"(text|image|audio)/.*|(application/(octet-stream|.*(json|xml|yaml|toml|javascript|typescript|sql|csv|x-sh|tex).*))?"
)


LINK = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]}'\"*_~]")
DISCORD = re.compile(r"https?://(?:\w+\.)?discord(?:app)?\.(?:com|net|gg)/", re.IGNORECASE)
MOST_PAGES = 3
PAGE_BYTES = 2 * 1024 * 1024


class ReadAttachments:
    def __init__(
        self,
        *,
        guarded: Guarded,
        catalogue: Catalogue,
        describe: Describe,
        listen: Listen,
        fetch_s: float = FETCH_S,
    ) -> None:
        self._guarded = guarded
        self._catalogue = catalogue
        self._describe = describe
        self._listen = listen
        self._fetch_s = fetch_s
        # of all turns together: each may hold twenty megabytes, and unpacking a picture takes two hundred for a moment
        self._fetching = asyncio.Semaphore(AT_ONCE)
        self._unpacking = asyncio.Lock()

    async def __call__(self, scene: Scene, route: Route) -> tuple[Attached, ...]:
        """What came with what is answered, then with the messages that replies to; at most ten of them."""
        wanted = [*wanted_of(scene), *pages_of(scene)]
        room = MOST_BYTES
        reading: list[Coroutine[None, None, Attached]] = []
        for attachment, known in wanted[:MOST]:
            room -= min(attachment.size_bytes, PICTURE_BYTES)
            reading.append(self._bounded(attachment, known, scene, fits=room >= 0))
        found = first_pictures(await asyncio.gather(*reading))
        if any(one.picture is not None for one in found) and not await self._sees(scene, route):
            found = await self.in_words(scene, found)
        if rest := wanted[MOST:]:
            found = (*found, Attached(name=f"{len(rest)} more", about="", message_id=0, unread="not looked at"))
        return fitted(found, int((route.context_tokens - route.reply_tokens) * SHARE))

    async def in_words(self, scene: Scene, attached: Sequence[Attached]) -> tuple[Attached, ...]:
        """The same with descriptions in the place of pictures."""
        return tuple(await asyncio.gather(*(self._described(one, scene) for one in attached)))

    async def _sees(self, scene: Scene, route: Route) -> bool:
        if (setting := scene.settings[IMAGES]) != "auto":
            return setting == "always"
        return await self._catalogue.sees(route.base_url, route.api_key, route.model)

    async def _bounded(self, attachment: Attachment, known: Attached, scene: Scene, *, fits: bool) -> Attached:
        """One attachment, within the deadline of all; whatever goes wrong with it is said in its place."""
        if not fits:
            return replace(known, unread="not looked at, because there is too much of it all together")
        try:
            async with asyncio.timeout(DEADLINE_S):
                if attachment.is_voice or known.kind == "recording":
                    return await self._recording(attachment, replace(known, kind="recording"), scene)
                async with self._fetching:
                    return await self._read(attachment, known)
        except TzurotError as error:
            return replace(known, unread=f"could not be read: {error.sentence}")
        except TimeoutError:
            return replace(known, unread="could not be read in time")
        except Exception:  # noqa: BLE001 - no file is worth a reply
            logger.exception("an attachment broke the step that reads it")
            return replace(known, unread="could not be read")

    async def _read(self, attachment: Attachment, known: Attached) -> Attached:
        if known.kind == "page":
            return await self._page(attachment, known)
        kind = media_type_of(attachment)
        if attachment.size_bytes > TEXT_BYTES and not READABLE.fullmatch(kind):
            return replace(known, unread="cannot be read")
        if known.kind == "picture" and attachment.size_bytes > PICTURE_BYTES:
            return replace(known, unread="too large to be looked at")
        limit_bytes = PICTURE_BYTES if known.kind == "picture" else TEXT_BYTES
        fetched = await self._guarded.get(attachment.url, limit_bytes=limit_bytes, timeout_s=self._fetch_s)
        # what it is shows in what it holds: names and types are what somebody calls it
        if is_picture(fetched.content):
            async with self._unpacking:
                picture = await asyncio.to_thread(shrunk, fetched.content)
            return replace(known, kind="picture", picture=picture)
        text = await asyncio.to_thread(decoded, fetched.content, attachment.media_type, whole=fetched.whole)
        unread = "cannot be read" if text is None else "" if text.strip() else "is empty"
        return replace(known, kind="file", text=text or "", is_whole=fetched.whole, unread=unread)

    async def _page(self, attachment: Attachment, known: Attached) -> Attached:
        fetched = await self._guarded.get(attachment.url, limit_bytes=PAGE_BYTES, timeout_s=self._fetch_s)
        text = await asyncio.to_thread(decoded, fetched.content, fetched.media_type, whole=fetched.whole)
        if text is None:
            return replace(known, unread="is no page that can be read")
        if "html" not in fetched.media_type:
            return replace(known, text=text, is_whole=fetched.whole, unread="" if text.strip() else "is empty")
        from tzurot.web.page import read  # noqa: PLC0415 - when somebody wants a page read

        page = await asyncio.to_thread(read, text)
        words = "\n".join(part for part in (page.title, page.text) if part)
        return replace(known, text=words, is_whole=fetched.whole, unread="" if words else "is empty")

    async def _recording(self, attachment: Attachment, known: Attached, scene: Scene) -> Attached:
        # another's voice is for them to give away
        theirs = attachment.is_voice and not known.is_own
        if theirs or not self._listen.is_able or not scene.settings[TRANSCRIBE_VOICE]:
            return replace(known, unread="not transcribed")
        words = await self._listen.words(attachment)
        return replace(known, text=words, unread="" if words else "nothing is said in it")

    async def _described(self, one: Attached, scene: Scene) -> Attached:
        if one.picture is None:
            return one
        unseen = replace(one, picture=None, unread="could not be looked at")
        if not self._describe.is_able:
            return replace(unseen, unread="not looked at: this model sees no pictures, and no other describes them")
        is_incognito = scene.settings[INCOGNITO_UNTIL] > scene.now.timestamp()
        try:
            return replace(one, picture=None, text=await self._describe(one.picture, keep=not is_incognito))
        except TzurotError as error:
            return replace(unseen, unread=f"could not be looked at: {error.sentence}")


def wanted_of(scene: Scene) -> list[tuple[Attachment, Attached]]:
    """What there is to read, and all that is known of it without having looked."""
    wanted: list[tuple[Attachment, Attached]] = []
    for is_own in (True, False):
        for said in scene.turn.said:
            for one in said.attachments if is_own else said.reply_attachments:
                # one's own voice message was heard before, or never; another's may stand in the history
                if one.is_voice and (is_own or _was_heard(scene, said.reply_to)):
                    continue
                kind = kind_of(media_type_of(one))
                known = Attached(name=one.label, about=about(one), message_id=said.message_id, is_own=is_own, kind=kind)
                wanted.append((one, known))
    return wanted


def pages_of(scene: Scene) -> list[tuple[Attachment, Attached]]:
    """The pages that what is answered links to, where they are to be read; Discord's own links lead to messages."""
    if not scene.settings[READ_PAGES] or scene.turn.accepted.reason in UNASKED:
        return []  # where a character's words lead is not followed: they may hold what it knows
    found = {url: said for said in scene.turn.said for url in LINK.findall(said.text) if not DISCORD.match(url)}
    return [
        (
            Attachment(name=url, url=url, media_type="text/html", size_bytes=0),
            Attached(name=url, about="", message_id=said.message_id, kind="page"),
        )
        for url, said in list(found.items())[:MOST_PAGES]
    ]


def first_pictures(found: Sequence[Attached]) -> tuple[Attached, ...]:
    """With the first few pictures; more at once are not looked at."""
    pictures = [one for one in found if one.picture is not None]
    late = {id(one) for one in pictures[MOST_PICTURES:]}
    unseen = f"not looked at: {MOST_PICTURES} pictures at once are enough"
    return tuple(replace(one, picture=None, unread=unseen) if id(one) in late else one for one in found)


def fitted(found: Sequence[Attached], room: int) -> tuple[Attached, ...]:
    """The texts cut to the tokens there are for them; where something is left out the text says so."""
    sizes = [estimate(one.text) if one.kind in LONG else 0 for one in found]
    given = shares(sizes, min(room, MOST_TOKENS))
    return tuple(
        replace(one, text=_cut(one, tokens)) if one.kind in LONG and one.text else one
        for one, tokens in zip(found, given, strict=True)
    )


def _cut(read: Attached, tokens: int) -> str:
    shown = beginning(read.text, tokens)
    if shown == read.text and read.is_whole:
        return shown
    of = f"{'' if read.is_whole else 'more than '}{len(read.text):,}"
    return f"{shown}\n[cut here, after {len(shown):,} of {of} characters]"


def media_type_of(attachment: Attachment) -> str:
    kind = attachment.media_type.partition(";")[0].strip().lower()
    return kind if re.fullmatch(r"[\w.+/-]{1,60}", kind) else ""


def kind_of(media_type: str) -> Kind:
    """What it says it is."""
    return KINDS.get(media_type.partition("/")[0], "file")


def about(attachment: Attachment) -> str:
    """Its kind and size: `text/plain, 3 KB`."""
    size = attachment.size_bytes
    shown = f"{size} bytes" if size < 2**10 else f"{size / 2**10:.0f} KB" if size < 2**20 else f"{size / 2**20:.1f} MB"
    return ", ".join(part for part in (media_type_of(attachment), shown) if part)


def _was_heard(scene: Scene, link: MessageLink | None) -> bool:
    """Whether the words of that voice message stand in the history."""
    line = next((one for one in scene.history if link and link.message_id in one.message_ids), None)
    return line is not None and UNHEARD not in line.text
