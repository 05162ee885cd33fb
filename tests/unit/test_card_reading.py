"""Reading character cards: every format that is about, and every file that is none."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tzurot.cards.read import MAX_BYTES, NAME_LIMIT, TEXT_LIMIT, TEXTS, Reading, from_object, read_json
from tzurot.errors import Invalid

FIELDS = {
    "name": "Maren",
    "description": "Keeps the lighthouse.",
    "personality": "dry",
    "scenario": "rain",
    "first_mes": "Mind the step.",
    "mes_example": "<START>",
}
V2_ONLY = {
    "creator_notes": "Be kind.",
    "system_prompt": "{{original}}",
    "post_history_instructions": "In verse.",
    "alternate_greetings": ["Ahoy.", "You again."],
    "tags": ["sea", "calm"],
    "creator": "Ida",
    "character_version": "1.2",
    "extensions": {"depth_prompt": {"prompt": "x"}},
}


def read(card: object) -> Reading:
    return read_json(orjson.dumps(card))


def v2(**fields: object) -> dict[str, Any]:
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Maren", **fields}}


def test_a_v1_card_is_flat() -> None:
    reading = read(FIELDS)
    assert (reading.version, reading.warnings) == ("V1", ())
    assert {key: getattr(reading.card, key) for key in FIELDS} == FIELDS
    assert (reading.card.tags, reading.card.system_prompt) == ((), "")


@pytest.mark.parametrize(("spec", "version"), [("chara_card_v2", "V2"), ("chara_card_v3", "V3")])
def test_later_cards_keep_their_fields_in_data(spec: str, version: str) -> None:
    raw = {"spec": spec, "name": "outer", "data": {**FIELDS, **V2_ONLY, "nickname": "Mar"}}
    reading = read(raw)
    card = reading.card
    assert (reading.version, reading.warnings) == (version, ())
    assert (card.name, card.spoken_name) == ("Maren", "Mar")
    assert card.alternate_greetings == ("Ahoy.", "You again.")
    assert card.tags == ("sea", "calm")
    for key in ("creator_notes", "system_prompt", "post_history_instructions", "creator", "character_version"):
        assert getattr(card, key) == V2_ONLY[key]
    assert card.raw == raw  # nothing is lost, extensions neither


@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        ({"description": 7}, ("description is not a text and was left out",)),
        ({"tags": {"sea": 1}}, ("tags is not a list and was left out",)),
        ({"tags": "sea, ,calm"}, ()),
        ({"assets": "none"}, ("assets is not a list and was left out",)),
        ({"assets": [{"uri": 1}, {"uri": "ccdefault:"}]}, ("1 assets could not be used",)),
        ({"tags": ["sea", 7, None]}, ()),
        ({"personality": None, "tags": None}, ()),
        ({"description": "x" * (TEXT_LIMIT + 1)}, (f"description was cut to {TEXT_LIMIT} characters",)),
        ({"name": "N" * 300}, (f"the name was cut to {NAME_LIMIT} characters",)),
    ],
)
def test_what_cannot_be_used_is_said(fields: dict[str, Any], warnings: tuple[str, ...]) -> None:
    reading = read(v2(**fields))
    assert reading.warnings == warnings
    assert len(reading.card.name) <= NAME_LIMIT
    assert all(len(getattr(reading.card, key)) <= TEXT_LIMIT for key in TEXTS)
    assert all(isinstance(tag, str) for tag in reading.card.tags)


def test_a_card_of_a_format_to_come_is_read_as_the_oldest() -> None:
    reading = read({"spec": "chara_card_v9", "name": " Maren ", "description": "x"})
    assert (reading.version, reading.card.name) == ("V1", "Maren")
    assert reading.warnings == ("unknown spec 'chara_card_v9': read as a V1 card",)


def test_a_byte_order_mark_is_no_harm() -> None:
    assert read_json(b"\xef\xbb\xbf" + orjson.dumps(FIELDS)).card.name == "Maren"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "card.not_json"),
        (b"\x89PNG\r\n\x1a\n", "card.not_json"),
        (b'{"name": "Maren"', "card.not_json"),
        (b'{"name": "\xff"}', "card.not_json"),
        (b'{"name": "\\ud800"}', "card.not_json"),
        (b'{"name": NaN}', "card.not_json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "card.too_deep"),
        (b'{"name":"x","a":' + b"[" * 150 + b"]" * 150 + b"}", "card.too_deep"),
        (b'{"name":"x","a":12345678901234567890' + b',"b":[' * 1 + b"[" * 1100 + b"]" * 1101 + b"}", "card.too_deep"),
        (b'{"name":"x","a":' + b"1" * 5000 + b"}", "card.not_json"),
        (b'{"name":"x","a":1e999}', "card.not_json"),
        (b'{"name":"x","a":[' + b"[]," * 200_000 + b"[]]}", "card.too_many_parts"),
        ('{"name": "Maren"}'.encode("utf-16"), "card.not_json"),
        (b"[]", "card.not_object"),
        (b'"Maren"', "card.not_object"),
        (b"null", "card.not_object"),
        (b"{}", "card.no_name"),
        (b'{"name": ""}', "card.no_name"),
        (b'{"name": " \\n\\u3000"}', "card.no_name"),
        (b'{"name": ["Maren"]}', "card.no_name"),
        (b'{"name": "x", "data": {"name": "Maren"}}', "card.no_spec"),
        (b'{"spec": "other", "data": {"name": "Maren"}}', "card.unknown_spec"),
        (b'{"spec": "chara_card_v2", "name": "Maren"}', "card.no_data"),
        (b'{"spec": "chara_card_v3", "data": "Maren"}', "card.no_data"),
        (b'{"spec": "chara_card_v3", "data": {}}', "card.no_name"),
        (b" " * (MAX_BYTES + 1), "card.too_large"),
    ],
)
def test_what_is_no_card_is_refused_with_a_sentence_and_a_way_out(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_json(content)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")
    assert refused.value.remedy


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KNOWN = st.sampled_from([*FIELDS, *V2_ONLY, "nickname", "character_book", "data"])
SPEC = st.none() | st.integers() | st.text(max_size=12) | st.sampled_from(["chara_card_v2", "chara_card_v3"])
OBJECTS = st.dictionaries(KNOWN | st.text(max_size=8).filter(lambda key: key != "spec"), JSON, max_size=6)


@settings(derandomize=True, deadline=None, database=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(OBJECTS, SPEC, OBJECTS | JSON)
@example({"name": "x"}, "chara_card_v2", {"name": "y" * 999, "tags": [["x"]], "description": {}})
def test_any_object_is_a_card_or_a_refusal(flat: dict[str, Any], spec: object, data: object) -> None:
    for raw in (flat, {**flat, "spec": spec}, {**flat, "spec": spec, "data": data}):
        try:
            reading = from_object(raw)
        except Invalid:
            pass
        else:
            assert isinstance(reading, Reading)
            assert 0 < len(reading.card.name.strip()) <= NAME_LIMIT
            assert reading.card.raw is raw
            assert all(isinstance(getattr(reading.card, key), str) for key in TEXTS)
