"""Cards in pictures and archives, and what is written: nothing of a card is lost, and no file does harm."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from PIL import Image

from tests.fuzz.cards import damaged, run, seeds
from tzurot.cards import charx, png
from tzurot.cards.card import Asset, Card, DepthPrompt
from tzurot.cards.edit import edited
from tzurot.cards.payload import dump
from tzurot.cards.read import FILE_BYTES, from_object, read_card, read_json
from tzurot.cards.write import export, to_object
from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

STRANGE = {"deep": [1, 2, {"a": None}], "big": 12345678901234567890123, "float": 0.1, "é": "\u2028", "z": 1, "a": 2}
V3: dict[str, Any] = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Maren Voss", "nickname": "Maren", "description": "Keeps the lighthouse.", "tags": ["sea"],
        "first_mes": "Mind the step.", "alternate_greetings": ["Ahoy."], "group_only_greetings": ["All aboard."],
        "creator_notes": "plain", "creator_notes_multilingual": {"de": "Licht"}, "source": ["https://x.example/1"],
        "assets": [{"type": "icon", "uri": "embeded://a/Main.png", "name": "main", "ext": "PNG"}],
        "extensions": {"x": STRANGE, "depth_prompt": {"prompt": "Fog.", "depth": "2", "role": "user"}},
        "character_book": {"entries": [{"keys": ["fog"], "content": "@@depth 1\n\n@@role user\nText"}], "x": 1},
        "future": {"field": 1},
    },
    "root": 1,
}  # fmt: skip
CARD = read_json(dump(V3)).card
PIXELS = png.plain(1, 2, 3, width=3, height=2)


def test_every_kind_of_file_holds_the_same_card() -> None:
    files = (charx.File(path="a/Main.png", content=PIXELS), charx.File(path="x_meta/1.json", content=b"{}"))
    for container in ("json", "png", "charx"):
        written = export(CARD, container, files=files, picture=PIXELS)
        reading = read_card(written.content)
        assert (reading.card, reading.version, reading.container) == (CARD, "V3", container)
        assert reading.card.extensions == V3["data"]["extensions"]
        assert list(reading.card.extensions["x"]) == list(STRANGE)  # in the order of the file
        assert reading.card.data["future"] == {"field": 1}
        assert reading.card.raw["root"] == 1
        assert written.name == f"Maren Voss.{container}"
        assert bool(written.warnings) == (container != "charx")
    assert reading.files == files
    assert reading.picture == reading.content_of(CARD.assets[0]) == PIXELS


def test_a_picture_keeps_its_pixels_and_foreign_chunks() -> None:
    buffer = io.BytesIO()
    image = Image.effect_noise((40, 30), 80)
    image.save(buffer, "PNG", dpi=(72, 72))
    once = export(CARD, "png", picture=buffer.getvalue()).content
    twice = export(replace(CARD, name="Other"), "png", files=read_card(once).files).content
    for content in (once, twice):
        assert Image.open(io.BytesIO(content)).tobytes() == image.tobytes()
        kinds = [kind for kind, _, _ in png.chunks(content)]
        assert kinds.count(b"tEXt") == 2
        assert b"pHYs" in kinds
        assert kinds[-1] == b"IEND"
    assert read_card(twice).picture == buffer.getvalue()  # the face without the card in it


def test_a_card_goes_to_v2_and_back_without_a_loss() -> None:
    old = to_object(CARD, 2)
    assert (old["spec"], old["spec_version"]) == ("chara_card_v2", "2.0")
    assert not {"nickname", "source", "assets", "group_only_greetings"} & set(old["data"])
    assert old["data"]["character_book"]["entries"][0]["content"] == "Text"
    again = read_json(dump(old))
    assert again.version == "V2"
    assert again.card == CARD
    assert to_object(again.card, 3)["data"]["nickname"] == "Maren"
    assert "tzurot/v3" not in to_object(again.card, 3)["data"]["extensions"]


def test_a_v1_card_becomes_v2_and_keeps_what_it_had_besides() -> None:
    card = from_object({"name": "Rika", "description": "d", "chat": "log", "talkativeness": "0.5", "tags": "a, b"}).card
    old = to_object(card, 2)
    assert old["data"]["tags"] == ["a", "b"]
    assert old["data"]["extensions"] == {}
    assert (old["chat"], old["talkativeness"], old["description"]) == ("log", "0.5", "d")
    assert from_object(old).card == card


def test_fields_of_a_wrong_type_are_written_right() -> None:
    raw = {
        "spec": "chara_card_v2",
        "data": {"name": "x", "tags": 7, "extensions": [], "description": 3, "character_book": []},
    }
    data = to_object(from_object(raw).card, 3)["data"]
    assert (data["tags"], data["extensions"], data["description"]) == ([], {}, "")
    assert "character_book" not in data


def test_an_edited_card_says_the_same_everywhere() -> None:
    mirrored = from_object({**V3, "description": "old"}).card
    edited_card = edited(mirrored, {"description": "new", "tags": "a, b"})
    written = to_object(edited_card, 3)
    assert (written["data"]["description"], written["description"]) == ("new", "new")
    assert (written["data"]["tags"], edited_card.extensions) == (["a", "b"], CARD.extensions)
    flat = to_object(edited(from_object({"name": "Rika", "chat": 1}).card, {"system_prompt": "Be Rika."}))
    assert (flat["data"]["system_prompt"], flat["chat"]) == ("Be Rika.", 1)
    bare = edited(Card(name="Bare", description="d"), {"personality": "p"})
    assert to_object(bare)["data"]["description"] == "d"


def test_the_export_says_when_it_was_made() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert to_object(CARD, 3, now=now)["data"]["modification_date"] == int(now.timestamp())
    assert "modification_date" not in to_object(CARD, 3)["data"]


def test_what_a_card_offers() -> None:
    assert CARD.greetings() == ("Mind the step.", "Ahoy.")
    assert CARD.greetings(group=True) == ("Mind the step.", "Ahoy.", "All aboard.")
    assert (CARD.notes("de"), CARD.notes("fr")) == ("Licht", "plain")
    assert CARD.depth_prompt == DepthPrompt(text="Fog.", depth=2, role="user")
    assert CARD.assets == (Asset(kind="icon", uri="embeded://a/Main.png", name="main", ext="png"),)
    understood = read_json(dump(V3)).understood
    assert {"description", "greeting", "1 alternate greeting", "1 lorebook entry", "1 prompt at a depth"} <= set(
        understood
    )


def archive(
    members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, prefix: bytes = b"", comment: bytes = b""
) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        made.comment = comment
        for name, content in members.items():
            made.writestr(name, content)
    return prefix + target.getvalue()


def test_an_archive_may_hang_behind_a_picture_and_before_a_comment() -> None:
    members = {"card.json": dump(V3), "a/main.png": PIXELS}
    for prefix, comment in ((b"", b""), (b"\xff\xd8\xff" + b"jpeg" * 9, b""), (b"", b"made by hand")):
        reading = read_card(prefix + archive(members, comment=comment))
        assert reading.card == CARD
        assert [file.path for file in reading.files] == ["a/main.png"]


@pytest.mark.parametrize("name", ["../evil.png", "/etc/passwd", "a/../../b", "C:evil", "a\\..\\b"])
def test_a_path_out_of_the_archive_is_left_out(name: str) -> None:
    reading = read_card(archive({"card.json": dump(V3), name: b"x", "good": b"y"}))
    assert [file.path for file in reading.files] == ["good"]
    assert any("could not be kept" in warning for warning in reading.warnings)


def chunk(kind: bytes, data: bytes, size: int | None = None) -> bytes:
    whole = png._chunk(kind, data)
    return whole if size is None else struct.pack(">I", size) + whole[4:]


def many_chunks() -> bytes:
    return PIXELS[:-12] + chunk(b"tEXt", b"a\0") * 300_000


def bomb(members: int) -> bytes:
    return archive({"card.json": dump(V3), **{f"{n}.bin": bytes(11 * 2**20) for n in range(members)}})


def crowded() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("card.json", dump(V3))
        for n in range(20_000):
            made.writestr(str(n), b"")
    return target.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a chunk of 2 GiB": lambda: PIXELS[:-12] + chunk(b"tEXt", b"chara\0", 2**31 - 1),
    "a chunk of 4 GiB": lambda: PIXELS[:-12] + chunk(b"tEXt", b"chara\0", 2**32 - 1),
    "chunks without end": many_chunks,
    "a card of base64 of nothing": lambda: png.write(PIXELS, {"chara": b" " * (5 * 2**20)}),
    "depth 10,000": lambda: png.write(PIXELS, {"chara": b'{"a":' * 10_000 + b"1" + b"}" * 10_000}),
    "lists in a row": lambda: b'{"name":"x","a":[' + b"[]," * 290_000 + b"[]]}",
    "small objects": lambda: b'{"name":"x","a":[' + b'{"a":1},' * 140_000 + b"1]}",
    "many keys": lambda: b"{" + b",".join(b'"%d":"%d"' % (n, n) for n in range(250_000)) + b',"name":"x"}',
    "wide text": lambda: b'{"name":"x","description":"' + "🎏".encode() * 2**20 + b'"}',
    "NaN": lambda: b'{"name":"x","a":NaN}',
    "a long number": lambda: b'{"name":"x","a":' + b"9" * 4_000_000 + b"}",
    "a zip bomb": lambda: bomb(4),
    "a bomb for a card": lambda: archive({"card.json": b" " * 2**28}),
    "an archive of nothing but names": crowded,
    "an lzma member": lambda: archive({"card.json": dump(V3)}, method=zipfile.ZIP_LZMA),
    "a large file": lambda: bytes(FILE_BYTES + 1),
    "a whole large picture": lambda: PIXELS[:-12] + chunk(b"IDAT", bytes(FILE_BYTES - 2**20)) + PIXELS[-12:],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_a_refusal_or_a_bounded_result(name: str) -> None:
    content = HOSTILE[name]()

    def read() -> None:
        try:
            reading = read_card(content)
        except Invalid:
            return
        assert sum(len(file.content) for file in reading.files) <= FILE_BYTES

    times: list[float] = []
    for _ in range(3):  # the machine may be busy: the best of three is what the work itself takes
        begun = time.process_time()
        read()
        times.append(time.process_time() - begun)
    tracemalloc.start()
    try:
        read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert min(times) <= 0.2
    assert peak <= 64 * 2**20


def test_what_has_no_name_in_an_archive_is_passed_over() -> None:
    made = archive({"card.json": dump(V3), "xy": b"1"}).replace(b"xy", b"/.").replace(b"/.", b"\0\0")
    assert read_card(made).card == CARD  # found by damaging archives: an empty name


def test_two_thousand_damaged_cards_are_read_or_refused() -> None:
    corpus = seeds()
    cards, _ = run(2000, 7, corpus)
    assert 200 < cards < 1800
    dice = random.Random(7)
    assert len({damaged(dice, corpus) for _ in range(200)}) > 150


def test_a_picture_that_is_none_is_no_base_for_a_card() -> None:
    with pytest.raises(Invalid):
        export(CARD, "png", picture=b"\xff\xd8\xff")
    assert Image.open(io.BytesIO(export(CARD, "png").content)).size == (256, 384)


def test_json_is_written_readably_and_in_order() -> None:
    written = export(CARD, "json").content
    assert written.startswith(b'{\n  "spec": "chara_card_v3"')
    assert b"12345678901234567890123" in written
    assert orjson.loads(export(from_object({"name": "x"}).card, "json").content)["data"]["group_only_greetings"] == []
