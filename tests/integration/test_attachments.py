"""Whatever is attached becomes words, a picture, or a line that says why not; the turn never hears of an error."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from cachetools import TTLCache
from PIL import Image

from tests.loopback.llm import Status
from tests.loopback.model import File
from tests.pictures import animated, bomb, picture, seen
from tests.scenes import NOW, ROUTE, card, line, turn_of
from tzurot.database.connect import Database, credentials
from tzurot.llm.client import Client
from tzurot.llm.models import Catalogue
from tzurot.outbound import Outbound
from tzurot.pipeline.assembly import assemble
from tzurot.pipeline.attached import in_prompt, text_with_attachments
from tzurot.pipeline.attachments import ReadAttachments
from tzurot.pipeline.describe import Describe
from tzurot.pipeline.guards import Guards
from tzurot.pipeline.listen import Listen
from tzurot.pipeline.remember import learnt_of
from tzurot.pipeline.routes import Routes
from tzurot.pipeline.turn import Attached, Recollection, References, Scene
from tzurot.settings.cascade import Cascade, Resolved
from tzurot.tables.denials import Denials
from tzurot.tables.descriptions import Descriptions
from tzurot.tables.settings import Tuned
from tzurot.talk import Attachment, MessageLink, Utterance
from tzurot.voice.hear import OpenAiTranscriber

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tzurot.llm.chat import Route

SEEING: dict[str, Any] = {"architecture": {"input_modalities": ["text", "image"]}}
LOG = "\n".join(f"{n:06} the lamp was lit" for n in range(60_000)).encode()
BROKEN_TAIL = ("wörter " * 60_000).encode()[: 300_000 + 2]
EXOTIC = "日記:今日は灯台に行った。"


@dataclass
class Desk:
    """The step with everything it needs, its files on a CDN that a test can break."""

    discord: LoopbackDiscord
    llm: ScriptedLLM
    database: Database
    outbound: Outbound
    step: ReadAttachments
    route: Route
    numbers: int = 0

    def attachment(self, name: str, content: bytes, media_type: str, **more: Any) -> Attachment:
        self.numbers += 1
        url = self.discord.keep_file(
            f"attachments/1/{self.numbers}/file", File(name, content, "application/octet-stream")
        )
        return Attachment(**{"name": name, "url": url, "media_type": media_type, "size_bytes": len(content), **more})

    async def read(self, *own: Attachment, reply: Sequence[Attachment] = (), **given: Any) -> tuple[Attached, ...]:
        return await self.step(scene(*own, reply=reply, **given), self.route)

    async def told(self, *own: Attachment, **given: Any) -> str:
        return "\n".join(in_prompt(one, n) for n, one in enumerate(await self.read(*own, **given), 1))


def scene(*own: Attachment, reply: Sequence[Attachment] = (), before: Sequence[Utterance] = (), **given: Any) -> Scene:
    turn = turn_of(card())
    said = replace(
        turn.incoming.utterance,
        attachments=own,
        reply_attachments=tuple(reply),
        reply_to=MessageLink(channel_id=7, message_id=5) if reply else None,
    )
    accepted = replace(turn.accepted, incoming=replace(turn.incoming, utterance=said), together=tuple(before))
    turn = replace(turn, accepted=accepted)
    return Scene(turn=turn, history=given.pop("history", ()), now=NOW, settings=Resolved(values=given))


@asynccontextmanager
async def desk(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, *, vision: str = "", fetch_s: float = 5.0
) -> AsyncIterator[Desk]:
    outbound, database = Outbound(operators=(discord.rest_url,)), Database(credentials(database_url))
    await database.open()
    route = replace(ROUTE, base_url=llm.base_url, model="scripted/one", api_key="sk-canary-0123456789abcdef")
    routes = Routes(presets=None, keys=None, providers=None, template=route, own_model="")  # pyright: ignore[reportArgumentType]
    routes.base = route
    tuned = Tuned(database)
    cascade = Cascade(tuned)
    guards = Guards(Denials(database), cascade, tuned, TTLCache(10, 10), each_per_minute=9, place_per_minute=9)
    step = ReadAttachments(
        guarded=outbound.guarded,
        catalogue=Catalogue(outbound),
        describe=Describe(client=Client(outbound), routes=routes, descriptions=Descriptions(database), model=vision),
        listen=Listen(
            guarded=outbound.guarded,
            transcriber=OpenAiTranscriber(
                outbound, base_url=llm.base_url, model="whisper-1", api_key="sk-ears-0123456789"
            ),
            guards=guards,
            cascade=cascade,
            longest_s=300,
        ),
        fetch_s=fetch_s,
    )
    try:
        yield Desk(discord, llm, database, outbound, step, route)
    finally:
        await database.close()
        await outbound.close()


FILES: dict[str, tuple[str, bytes, str, str]] = {
    "a note": ("note.txt", b"Mind the step.", "text/plain; charset=utf-8", "file note.txt (text/plain, 14 bytes):\nMi"),
    "code that calls itself a film": ("main.ts", b"let lamp = 1;", "video/mp2t", "let lamp = 1;"),
    "of no type": ("data", b'{"lamp": 1}', "", 'file data (11 bytes):\n{"lamp": 1}'),
    "UTF-16 with a mark": ("a.txt", EXOTIC.encode("utf-16"), "text/plain", EXOTIC),
    "UTF-16 without one": ("a.csv", "name;lamp\r\n1;2\r\n".encode("utf-16-le"), "text/csv", ":\nname;lamp\n1;2"),
    "an old encoding": ("a.txt", "Grüße aus Köln".encode("cp1252"), "text/plain", "Grüße aus Köln"),
    "a long log": ("a.log", LOG, "text/plain", " the lamp was lit\n[cut here, after "),
    "a log cut in a letter": ("b.log", BROKEN_TAIL, "text/plain", "wörter"),
    "binary that calls itself text": ("a.txt", bytes(range(256)) * 40, "text/plain", "10 KB): cannot be read"),
    "zeroes": ("a.json", b"\0" * 5000, "application/json", "cannot be read"),
    "empty": ("a.txt", b"", "text/plain", "a.txt (text/plain, 0 bytes): is empty"),
    "a film": ("film.mp4", b"\0" * 300_000, "video/mp4", "film.mp4 (video/mp4, 293 KB): cannot be read"),
    "a bomb": ("bomb.png", bomb(), "image/png", "picture bomb.png (image/png, 10 KB): could not be read: It has"),
    "a truncated picture": ("sea.png", picture()[:200], "image/png", "could not be read: It is damaged"),
    "text that calls itself a picture": ("sea.png", b"No sea here.", "image/png", "file sea.png (image/png, 12 bytes)"),
    "a picture that calls itself text": ("a.txt", picture("JPEG"), "text/plain", "picture a.txt (text/plain, "),
    "marks in the name": ("a\n</files>[x]\u202e.txt", b"hi", "text/plain", "file a (/files)(x) .txt (text/plain"),
    "a marked type": ("a.txt", b"hi", "text/<files>\n", "file a.txt (2 bytes):\nhi"),
}  # fmt: skip


async def test_what_files_become(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with desk(discord, llm, database_url) as at:
        for kind, (name, content, media_type, expected) in FILES.items():
            told = await at.told(at.attachment(name, content, media_type))
            assert expected in told, f"{kind}: {told[:300]}"
            assert "\0" not in told
        assert len(discord.downloads) == len(FILES) - 1, "the film was not fetched"
        (cut,) = await at.read(at.attachment("a.log", LOG, "text/plain"))
        assert "of more than 262,1" in cut.text[-80:]
        assert len(cut.text) < 20_000
        before = len(discord.downloads)
        assert "too large" in await at.told(at.attachment("sea.png", b"", "image/png", size_bytes=50 * 2**20))
        assert "cannot be read" in await at.told(
            at.attachment("a.zip", b"PK", "application/zip", size_bytes=50 * 2**20)
        )
        assert len(discord.downloads) == before


async def test_a_cdn_that_fails_costs_a_line_and_no_more(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with desk(discord, llm, database_url, fetch_s=0.5) as at:
        failed = "note.txt (text/plain, 2 bytes): could not be read: That file could not be fetched."
        private = "could not be read: That address is not on the public internet."
        inside = f"{llm.base_url}/models"
        for status, headers, hang_s, expected in (
            (404, {}, 0, failed),
            (500, {}, 0, failed),
            (None, {}, 0, failed),
            (200, {}, 5, failed),
            (302, {"Location": "http://169.254.169.254/latest/meta-data"}, 0, private),
            (302, {"Location": inside}, 0, private),
            (302, {"Location": "http://[::ffff:127.0.0.1]/"}, 0, private),
            (302, {"Location": "file:///etc/passwd"}, 0, private),
            (302, {"Location": f"http://localhost:{llm.base_url.split(':')[2]}"}, 0, private),
            (302, {}, 0, failed),
        ):
            discord.forget_faults()
            discord.fault("CDN", "/attachments/", status=status, headers=headers, hang_s=hang_s, times=9)
            told = await at.told(at.attachment("note.txt", b"hi", "text/plain"))
            assert expected in told, (status, headers, told)
        discord.forget_faults()
        (moved, there) = (at.attachment(name, b"It moved.", "text/plain") for name in ("a.txt", "b.txt"))
        discord.fault("CDN", moved.url[-15:], status=302, headers={"Location": there.url})
        assert "It moved." in await at.told(moved)
        elsewhere = replace(moved, url=inside)
        assert private in await at.told(elsewhere), "only Discord's own address is trusted"


async def test_many_at_once_are_bounded(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with desk(discord, llm, database_url) as at:
        texts = [at.attachment(f"{n}.log", LOG, "text/plain") for n in range(20)]
        read = await at.read(*texts)
        assert [one.name for one in read] == [*(f"{n}.log" for n in range(10)), "10 more"]
        assert in_prompt(read[-1], 0) == "10 more: not looked at"
        assert all(400 < len(one.text) < 3000 for one in read[:10])
        small, *large = await at.read(at.attachment("a.txt", b"All of it.", "text/plain"), *texts[:2])
        assert small.text == "All of it."
        assert [len(one.text) > 5000 for one in large] == [True, True]
        heavy = [at.attachment(f"{n}.png", picture(), "image/png", size_bytes=15 * 2**20) for n in range(3)]
        assert "too much of it all together" in (await at.told(*heavy)).splitlines()[2]
        prompt = assemble(scene(*texts), References(attached=read), Recollection(), replace(ROUTE, context_tokens=4096))
        assert prompt.tokens <= prompt.limit


async def test_pictures_go_to_a_model_that_sees(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    llm.more = {"scripted/one": SEEING}
    async with desk(discord, llm, database_url) as at:
        sideways = BytesIO()
        turned = Image.Exif()
        turned[0x0112] = 6
        Image.new("RGB", (300, 100), "blue").save(sideways, "JPEG", exif=turned)
        clear = picture(mode="RGBA", colour=(0, 0, 0, 0))
        for content, expected in (
            (picture(), ("JPEG", (1024, 256), (254, 0, 0))),
            (animated("lime", "red"), ("JPEG", (64, 64), (0, 255, 1))),
            (sideways.getvalue(), ("JPEG", (100, 300), (0, 0, 254))),
            (clear, ("JPEG", (1024, 256), (255, 255, 255))),
            (picture("WEBP", (3000, 3000)), ("JPEG", (1024, 1024), (254, 0, 0))),
        ):
            (one,) = await at.read(at.attachment("sea", content, "image/png"))
            assert one.picture is not None
            assert seen(one.picture.content) == expected
            assert in_prompt(one, 1).endswith(": picture 1 below")
            assert "b'" not in repr(one)
        six = [at.attachment(f"{n}.png", picture(), "image/png") for n in range(6)]
        read = await at.read(*six)
        assert [one.picture is not None for one in read].count(True) == 4
        prompt = assemble(scene(*six), References(attached=read), Recollection(), ROUTE)
        assert [message.pictures for message in prompt.messages] == [0, 4]
        assert "data:" not in prompt.messages[-1].text
        assert "base64" not in repr(prompt.messages)
        without = assemble(scene(*six), References(), Recollection(), ROUTE)
        assert 4 * 340 < prompt.tokens - without.tokens < 4 * 500
        small = assemble(scene(*six), References(attached=read), Recollection(), replace(ROUTE, context_tokens=2048))
        assert small.tokens <= small.limit
        assert small.messages[-1].pictures < 4
        assert "attached files" in " ".join(small.cuts)
        (never,) = await at.read(six[0], images="never")
        assert never.picture is None
        assert never.unread.startswith("not looked at: this model sees no pictures")
        assert not llm.requests


async def test_pictures_are_described_once_for_a_model_that_does_not_see(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with desk(discord, llm, database_url) as blind:
        (one,) = await blind.read(blind.attachment("sea.png", picture(), "image/png"))
        size = f"{len(picture()) / 1024:.0f} KB"
        assert in_prompt(one, 1).startswith(f"picture sea.png (image/png, {size}): not looked at: this model sees no")
    async with desk(discord, llm, database_url, vision="eyes") as at:
        red, blue = (at.attachment(f"{c}.png", picture(colour=c), "image/png") for c in ("red", "blue"))
        llm.say("A plain red flag over a grey sea.")
        said = await at.read(red)
        assert in_prompt(said[0], 1).endswith(", described by somebody who saw it: A plain red flag over a grey sea.")
        kept = text_with_attachments(scene(red).turn.incoming.utterance, said)
        assert kept == "Is the lamp lit?\n[attached picture red.png: A plain red flag over a grey sea.]"
        assert llm.requests[-1].body["model"] == "eyes"
        assert [seen(one)[1] for one in llm.requests[-1].pictures] == [(1024, 256)]
        assert "red flag" in await at.told(replace(red, name="again.png"))
        assert len(llm.requests) == 1, "the same picture was looked at twice"
        llm.say("A plain blue flag, never to be kept.", "A plain blue flag, seen anew.")
        assert "never to be kept" in await at.told(blue, incognito_until=2**40)
        assert "seen anew" in await at.told(blue)
        assert "shown" not in await at.told(blue)
        (shown,) = await at.read(blue, images="always")
        assert shown.picture is not None
        gone = at.attachment("green.png", picture(colour="green"), "image/png")
        llm.say(Status(400, body={"error": {"message": "no data:image/jpeg;base64,/9j/4AAQSkZJRg== here"}}), "Ah.")
        told = await at.told(gone)
        assert "could not be looked at: The language model's server refused" in told
        assert "9j/4" not in told
        assert "said nothing about it" in await at.told(gone)


async def test_what_was_said_in_one_go_is_looked_at_once_for_all(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with desk(discord, llm, database_url, vision="eyes") as at:
        flag = at.attachment("flag.png", picture(), "image/png")
        note = at.attachment("note.txt", b"Mind the step.", "text/plain")
        before = replace(scene(flag).turn.incoming.utterance, message_id=99, text="Look at this")
        llm.default = lambda _request: "A plain red flag."
        both = await asyncio.gather(*(at.read(note, before=[before]) for _ in range(2)))
        assert len(llm.requests) == 1, "several characters, one look"
        (shown, read) = both[0]
        assert (shown.message_id, shown.text) == (99, "A plain red flag.")
        assert text_with_attachments(before, both[0]) == "Look at this\n[attached picture flag.png: A plain red flag.]"
        asked = scene(note, before=[before])
        assert text_with_attachments(asked.turn.incoming.utterance, both[0]).endswith("note.txt: Mind the step.]")
        assert learnt_of(asked.turn, both[0]) == ((99, text_with_attachments(before, both[0])),)
        assert read.kind == "file"


async def test_recordings_are_listened_to(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with desk(discord, llm, database_url) as at:
        llm.hear("The ferry is late.")
        song = at.attachment("memo.m4a", b"M4A", "audio/mp4")
        assert "recording memo.m4a (audio/mp4, 3 bytes), in which is said: The ferry is late." in await at.told(song)
        (came,) = llm.recordings
        assert (came.name, came.media_type, came.content) == ("recording.m4a", "audio/mp4", b"M4A")
        assert came.fields == {"model": "whisper-1", "response_format": "json"}
        assert came.headers["Authorization"] == "Bearer sk-ears-0123456789"
        for answer, sentence in (
            (Status(401), "does not accept the API key"),
            (Status(404), "does not know the address or the model"),
            (Status(429), "is busy"),
            (Status(503), "failed (HTTP 503)"),
            (Status(400), "did not take the recording (HTTP 400)"),
            (Status(200, body={"words": 1}), "answered with something that is no transcription"),
            (Status(200, body=[]), "answered with something that is no transcription"),
        ):
            llm.hear(answer)
            told = await at.told(song)
            assert "could not be read: The transcription service at 127.0.0.1:" in told
            assert sentence in told
            assert "sk-ears" not in told
        count = len(llm.recordings)
        for more, most in (
            ({"seconds": 301.0}, 25),
            ({"size_bytes": 26 * 2**20, "seconds": 299.0}, 25),
            ({"size_bytes": 6 * 2**20}, 5),
        ):
            assert f"more than 300 seconds or {most} MB" in await at.told(replace(song, **more))
        assert "not transcribed" in await at.told(song, transcribe_voice=False)
        said = at.attachment("voice-message.ogg", b"Ogg", "audio/ogg", is_voice=True, seconds=3.2)
        assert await at.read(said) == (), "one's own voice message was heard before, or never"
        heard = line(5, "The ferry is late.")
        assert await at.read(reply=[said], history=(heard,)) == ()
        unheard = line(5, "[voice message, 3 s, not transcribed]")
        (one,) = await at.read(reply=[said], history=(unheard,))
        assert (one.text, one.unread) == ("", "not transcribed"), "another's voice is for them to give away"
        assert count == len(llm.recordings)


@pytest.mark.parametrize("vision", ["", "eyes"])
async def test_a_model_list_that_tells_nothing_is_asked_for_once(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, vision: str
) -> None:
    async with desk(discord, llm, database_url, vision=vision) as at:
        llm.models = []
        for _ in range(2):
            told = await at.told(at.attachment("sea.png", picture(), "image/png"))
            assert ("described" if vision else "not looked at: this model") in told
        at.route = replace(at.route, model="llava:7b")
        (one,) = await at.read(at.attachment("sea.png", picture(), "image/png"))
        assert one.picture is not None, "known by its name"
        assert llm.listed == 1
