"""Whatever bytes a file holds: its text or none, as much as there is room for, and no decoder's own error."""

from __future__ import annotations

import warnings
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.pictures import animated, picture
from tzurot.errors import Invalid
from tzurot.llm.models import parsed
from tzurot.pipeline.decoding import beginning, decoded, shares
from tzurot.pipeline.pictures import SIDE, is_picture, shrunk
from tzurot.prompt.tokens import estimate
from tzurot.talk import Attachment

steady = settings(
    derandomize=True, deadline=None, database=None, max_examples=200, suppress_health_check=list(HealthCheck)
)
TYPES = st.sampled_from(["", "text/plain", "text/plain; charset=", "text/x; charset=no-such", "text/x; charset=utf-16"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])
PICTURES = [picture(kind, (40, 30)) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP")] + [animated("red", "blue")]
PRINTED = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff\ufffe\uffff"))


@steady
@given(st.binary(max_size=400), TYPES, st.booleans())
@example(b"\xff\xfe\0\xd8", "text/plain", True)
@example(b"\xff\xfe\0\0\xff\xff\xff\xff", "", False)
def test_any_bytes_are_text_or_none(content: bytes, media_type: str, whole: bool) -> None:
    text = decoded(content, media_type, whole=whole)
    if text is not None:
        assert "\0" not in text
        text.encode()  # nothing that cannot be stored


@steady
@given(PRINTED, ENCODINGS, st.integers(0, 3))
def test_what_was_written_is_read(text: str, encoding: str, cut: int) -> None:
    written = text.encode(encoding)
    assert decoded(written, "") == text
    if cut and len(written) > 40:
        part = decoded(written[:-cut], "", whole=False)
        assert part is not None
        assert text.startswith(part)


@steady
@given(st.text(), st.integers(0, 50))
def test_a_beginning_fits(text: str, tokens: int) -> None:
    shown = beginning(text, tokens)
    assert text.startswith(shown)
    assert estimate(shown) <= max(tokens, 1)


@steady
@given(st.lists(st.integers(0, 1000), max_size=10), st.integers(0, 3000))
def test_shares_are_fair(wanted: list[int], room: int) -> None:
    given = shares(wanted, room)
    assert sum(given) <= room
    assert all(got <= want for got, want in zip(given, wanted, strict=True))
    if sum(wanted) <= room:
        assert given == wanted
    short = [got for got, want in zip(given, wanted, strict=True) if got < want]
    assert not short or min(short) >= max(got for got in given) - len(wanted)


@steady
@given(st.sampled_from(PICTURES), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20))
def test_a_damaged_picture_is_one_or_a_sentence(content: bytes, damage: list[tuple[int, int]]) -> None:
    damaged = bytearray(content)
    for place, byte in damage:
        damaged[place % len(damaged)] = byte
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about the damage
        with suppress(Invalid):
            made = shrunk(bytes(damaged))
            assert max(made.width, made.height) <= SIDE
            assert is_picture(made.content)


@steady
@given(st.text())
def test_a_label_is_one_plain_line(name: str) -> None:
    label = Attachment(name=name, url="", media_type="", size_bytes=0).label
    assert label.isprintable()
    assert 0 < len(label) <= 80
    assert not set(label) & set("[]<>\n")


@pytest.mark.parametrize(
    ("entry", "sees"),
    [
        ({"id": "llava:7b"}, True),
        ({"id": "gpt-4o-mini"}, True),
        ({"id": "google/gemma-3-27b-it"}, True),
        ({"id": "gemma3:1b"}, False),
        ({"id": "llama3.1:8b"}, False),
        ({"id": "gpt-4o", "architecture": {"input_modalities": ["text"]}}, False),
        ({"id": "x", "architecture": {"input_modalities": ["text", "image"]}}, True),
        ({"id": "x", "architecture": {"input_modalities": None}}, False),
        ({"id": "pixtral-12b", "capabilities": {"vision": False}}, False),
        ({"id": "mistral-small", "capabilities": {"vision": True}}, True),
        ({"id": "x", "capabilities": ["completion"]}, False),
    ],
)
def test_whether_a_model_sees(entry: dict[str, object], sees: bool) -> None:
    import orjson

    (model,) = parsed(orjson.dumps({"data": [entry]}))
    assert model.sees is sees
