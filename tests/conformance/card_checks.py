"""How the cases about character cards are checked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from prompts import prompt_of

from tzurot.cards import png
from tzurot.cards.payload import dump, parse
from tzurot.cards.read import FILE_BYTES, Reading, from_object, read_card
from tzurot.cards.write import export, to_object
from tzurot.errors import Invalid
from tzurot.prompt.macros import expand

if TYPE_CHECKING:
    from collections.abc import Callable

Case = dict[str, Any]
ABSENT = "__absent__"
CODES = {
    "unknown_spec": {"card.unknown_spec"},
    "no_card": {"card.no_card"},
    "bad_payload": {"card.bad_payload", "card.not_json", "card.not_object"},
    "truncated": {"card.png_truncated"},
    "not_png": {"card.not_png", "card.not_json"},
    "bad_card": {"card.no_spec", "card.no_name", "card.no_data", "card.unknown_spec", "card.not_object"},
    "too_large": {"card.too_large"},
}


def at(value: Any, pointer: str) -> Any:
    """What a JSON pointer points at."""
    for part in pointer.split("/")[1:]:
        step = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return ABSENT
    return value


def refused(case: Case, call: Callable[[], object]) -> None:
    with pytest.raises(Invalid) as error:
        call()
    assert error.value.sentence
    known = CODES.get(case["expect"].get("error", ""))
    assert known is None or error.value.code in known


def read_again(raw: dict[str, Any]) -> dict[str, Any]:
    """Through the bytes, as a file would go."""
    return parse(orjson.dumps(raw))


def check_card(case: Case) -> None:
    expect, op = case["expect"], case["op"]
    if "error" in expect:
        refused(case, lambda: from_object(read_again(case["input"])))
        return
    reading = from_object(read_again(case["input"]))
    card = reading.card
    match op:
        case "load":
            check_loaded(reading, expect)
        case "export_v2" | "export_v3" | "roundtrip_v2" | "roundtrip_v3":
            version = 2 if op.endswith("2") else 3
            written = parse(dump(to_object(card, version)))
            if op.startswith("roundtrip"):
                written = to_object(from_object(written).card, version)
            for pointer, value in expect.items():
                assert at(written, pointer) == value, pointer
        case "char_macro":
            assert expand("{{char}}", char=card.spoken_name, user="User") == expect["text"]
        case "system_prompt" | "post_history_instructions" | "post_history":
            text = card.system_prompt if op == "system_prompt" else card.post_history_instructions
            said = expand(text, char=card.spoken_name, user="User", original="DEFAULT") if text.strip() else "DEFAULT"
            assert said == expect["text"]
        case "greetings":
            check_greetings(reading, case)
        case "creator_notes":
            for language, text in expect.items():
                assert card.notes("en" if language == "text" else language) == text
        case "prompt_excludes":
            check_prompt_excludes(reading, expect["absent"])
        case _:
            raise AssertionError(f"unknown operation {op}")


def check_loaded(reading: Reading, expect: dict[str, Any]) -> None:
    for key, value in expect.items():
        if key == "version":
            assert reading.version == f"V{value}"
        elif key == "warning":
            assert any("newer version" in warning for warning in reading.warnings) or value != "newer_version"
            assert reading.warnings
        elif key == "assets":
            mine = [{"type": a.kind, "uri": a.uri, "name": a.name, "ext": a.ext} for a in reading.card.assets]
            assert mine == value
        else:
            mine = getattr(reading.card, key, reading.card.data.get(key))
            assert (list(mine) if isinstance(mine, tuple) else mine) == value, key


def check_greetings(reading: Reading, case: Case) -> None:
    group = bool(case.get("group") or case.get("context", {}).get("group"))
    card = reading.card
    for key, value in case["expect"].items():
        if key == "first":
            assert card.first_mes == value
        elif key in {"swipes", "alternates", "alternate_greetings"} and value != list(card.greetings(group=group)):
            assert list(card.greetings(group=group)[1:]) == value
        elif isinstance(value, list):
            assert list(card.greetings(group=group or "group" in key)) == value, key


def check_prompt_excludes(reading: Reading, absent: list[str]) -> None:
    whole = prompt_of(reading.card)
    assert reading.card.description in whole
    for text in absent:
        assert text not in whole


def check_file(case: Case) -> None:
    content = (case["directory"] / case["file"]).read_bytes()
    assert len(content) <= FILE_BYTES
    expect = case["expect"]
    if expect.get("ok") is False:
        refused(case, lambda: read_card(content))
        return
    reading = read_card(content)
    card = reading.card
    found = [asset for asset in card.assets if reading.content_of(asset) is not None]
    if "version" in expect:
        assert reading.version == f"V{expect['version']}"
    if "name" in expect:
        assert card.name == expect["name"]
    if "chunk" in expect:
        assert png.read(content).chunk == expect["chunk"]
    if "assets_found" in expect:
        assert [asset.name for asset in found] == expect["assets_found"]
    if "asset_records" in expect:
        assert len(card.assets) == expect["asset_records"]
    for wanted, asset in zip(expect.get("effective_assets", ()), card.assets, strict=False):
        assert {"type": asset.kind, "uri": asset.uri, "name": asset.name, "ext": asset.ext} == wanted
    round_trip(reading)


def round_trip(reading: Reading) -> None:
    """Write it in every form, read it again, and find the same card."""
    for container in ("json", "png", "charx"):
        written = export(reading.card, container, files=reading.files)
        again = read_card(written.content)
        assert again.card == reading.card, container
        assert to_object(again.card) == to_object(reading.card), container
        if container in {"charx", reading.container}:
            assert {file.path: file.content for file in again.files} == {
                file.path: file.content for file in reading.files
            }


def check_real_png(case: Case) -> None:
    content = (case["directory"] / case["id"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == case["sha256"]
    assert [kind.decode() for kind, _, _ in png.chunks(content)] == case["chunks"]
    chunk = "ccv3" if "ccv3" in case["cards"] else "chara"
    expect = case["cards"][chunk]
    found = png.read(content)
    assert (found.chunk, hashlib.sha256(found.payload).hexdigest()) == (chunk, expect["payload_sha256"])
    reading = read_card(content)
    card = reading.card
    assert card.name == expect["name"]
    assert card.raw.get("spec") == expect["spec"]
    assert sorted(card.data) == expect["fields"]
    assert sorted(card.extensions) == expect["extensions"]
    assert len(card.alternate_greetings) == expect["alternate_greetings"]
    assert len(card.first_mes) == expect["first_mes_chars"]
    assert len(card.description) == expect["description_chars"]
    book = expect["book"]
    assert (card.book is None) == (book is None)
    if book is not None and card.book is not None:
        assert [entry["keys"] for entry in card.book["entries"]] == book["keys"]
    round_trip(reading)
    # every chunk but the card's own is where it was, byte for byte
    written = export(card, "png", files=reading.files).content
    assert foreign(written) == foreign(content)


def foreign(content: bytes) -> list[bytes]:
    kept = [(kind, bytes(data), bytes(whole)) for kind, data, whole in png.chunks(content)]
    return [
        whole for kind, data, whole in kept if kind != b"tEXt" or not data.lower().startswith((b"chara\0", b"ccv3\0"))
    ]


CARD_CHECKS: dict[str, Callable[[Case], None]] = {
    "card_cases": check_card,
    "png_edge": check_file,
    "charx_edge": check_file,
    "png_real_expected": check_real_png,
}
