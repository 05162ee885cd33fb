"""What one event of a language model's stream says, in every dialect that servers speak."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tzurot.errors import ProviderFailed
from tzurot.llm.chat import ChatMessage, Piece, Route, Usage, error_text, piece_of, request_body

KEY = "sk-canary-0123456789abcdef"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
DELTAS = {"delta": JSON, "message": JSON, "finish_reason": JSON}
COUNTS = {"prompt_tokens": JSON, "completion_tokens": JSON, "prompt_tokens_details": JSON, "cost": JSON}


def said(**choice: object) -> bytes:
    return orjson.dumps({"model": "m/1", "choices": [choice]})


@pytest.mark.parametrize(
    ("event", "piece"),
    [
        (said(delta={"content": "Ahoy"}), Piece(text="Ahoy", model="m/1")),
        (said(message={"content": "Ahoy"}, finish_reason="stop"), Piece(text="Ahoy", finish="stop", model="m/1")),
        (said(delta={}, message={"content": "whole"}), Piece(text="whole", model="m/1")),
        (said(delta={"content": None}, finish_reason=None), Piece(model="m/1")),
        (said(delta=None), Piece(model="m/1")),
        (said(delta={"content": 7, "reasoning": {"text": "no"}}), Piece(model="m/1")),
        (said(delta={"reasoning": "hm"}), Piece(reasoning="hm", model="m/1")),
        (said(delta={"reasoning_content": "hm"}), Piece(reasoning="hm", model="m/1")),
        (said(delta={"reasoning": "other", "reasoning_content": "hm"}), Piece(reasoning="hm", model="m/1")),
        (said(delta={"reasoning": "", "content": "a"}, finish_reason="length"),
         Piece(text="a", finish="length", model="m/1")),
        (b'{"choices":[]}', Piece()),
        (b'{"choices":null,"model":null}', Piece()),
        (b'{"choices":[null]}', Piece()),
        (b"{}", Piece()),
        (b'{"error":null,"choices":[{"delta":{"content":"fine"}}]}', Piece(text="fine")),
    ],
)  # fmt: skip
def test_an_event_adds_what_it_says(event: bytes, piece: Piece) -> None:
    assert piece_of(event) == piece
    assert piece_of(event.decode()) == piece


def test_content_in_parts_is_one_text_and_pictures_are_no_words() -> None:
    parts = [
        {"type": "text", "text": "one "},
        {"type": "image_url", "image_url": {"url": "x"}},
        "stray",
        {"text": "two"},
    ]
    assert piece_of(said(delta={"content": parts})).text == "one two"
    assert piece_of(said(delta={"content": []})).text == ""


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        (b'{"prompt_tokens":12,"completion_tokens":3}', Usage(prompt_tokens=12, reply_tokens=3)),
        (b'{"prompt_tokens":12,"prompt_tokens_details":{"cached_tokens":8},"cost":0.0001}',
         Usage(prompt_tokens=12, cached_tokens=8, cost_usd=0.0001)),
        (b'{"prompt_tokens":null,"completion_tokens":null,"prompt_tokens_details":null,"cost":null}', Usage()),
        (b'{"prompt_tokens_details":{},"cost":0}', Usage(cost_usd=0.0)),
        (b'{"cost":"much"}', Usage()),
        (b"{}", Usage()),
        (b"[]", None),
        (b"null", None),
        (b"17", None),
    ],
)  # fmt: skip
def test_usage_is_what_the_server_counted(counted: bytes, usage: Usage | None) -> None:
    assert piece_of(b'{"choices":[],"usage":' + counted + b"}").usage == usage


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (b'{"message":"Upstream\\n  is   down","code":502}', "Upstream is down"),
        (b'"plain words"', "plain words"),
        (b'{"code":7}', "{'code': 7}"),
        (b'["a list"]', "['a list']"),
    ],
)
def test_an_error_inside_the_stream_is_told_in_its_own_words(error: bytes, sentence: str) -> None:
    with pytest.raises(ProviderFailed) as failed:
        piece_of(b'{"error":' + error + b',"choices":[{"delta":{"content":"lost"}}]}')
    assert failed.value.code == "llm.error"
    assert failed.value.sentence == f"The language model's server reported an error: {sentence}"


def test_an_error_without_end_becomes_a_sentence() -> None:
    assert len(error_text({"message": "word " * 9000})) == 300


@pytest.mark.parametrize(
    "garbage",
    [b"", b" ", b"<html>", b"{", b"[1]", b'"text"', b"17", b"null", b"\xff\xfe", b'{"choices":[{"delta"', b"[" * 5000],
)
def test_what_is_no_json_object_is_not_the_protocol(garbage: bytes) -> None:
    with pytest.raises(ProviderFailed) as failed:
        piece_of(garbage)
    assert failed.value.code == "llm.not_api"
    assert "llm.base_url" in failed.value.remedy


@settings(derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=80))
@example(b"\x00")
@example(b'{"choices":')
def test_no_bytes_of_a_server_do_worse_than_an_error_with_a_name(data: bytes) -> None:
    code = "none"
    try:
        piece_of(data)
    except ProviderFailed as failed:
        code = failed.code
    assert code in {"none", "llm.not_api", "llm.error"}


@settings(derandomize=True, deadline=None, database=None)
@given(
    st.fixed_dictionaries({}, optional={"choices": JSON, "usage": JSON, "model": JSON, "error": JSON})
    | st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({}, optional=DELTAS), max_size=2)})
    | st.fixed_dictionaries({"usage": st.fixed_dictionaries({}, optional=COUNTS)})
)
@example({"choices": ["x"]})
@example({"choices": {"a": 1}})
@example({"choices": [{"delta": "x"}]})
@example({"usage": {"prompt_tokens": "many", "completion_tokens": [1]}})
@example({"usage": {"prompt_tokens_details": [1]}})
def test_no_json_of_a_server_does_worse_either(event: dict[str, Any]) -> None:
    try:
        piece = piece_of(orjson.dumps(event))
    except ProviderFailed:
        return
    assert {type(field) for field in (piece.text, piece.reasoning, piece.finish, piece.model)} == {str}
    if piece.usage is not None:  # what is counted fits the columns it is kept in
        assert 0 <= piece.usage.prompt_tokens < 2**31
        assert 0 <= piece.usage.reply_tokens < 2**31


def test_a_request_holds_what_the_protocol_asks_for() -> None:
    route = Route(base_url="https://models.example/v1", model="m", api_key=KEY, temperature=0.4, reply_tokens=77)
    sent = request_body(route, [ChatMessage(role="system", content="Be Maren."), ChatMessage(role="user", content="ö")])
    assert orjson.loads(sent) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be Maren."}, {"role": "user", "content": "ö"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.4,
        "max_tokens": 77,
    }
    assert KEY.encode() not in sent


def test_only_openrouter_is_asked_for_the_price() -> None:
    def asks(base_url: str) -> bool:
        return "usage" in orjson.loads(request_body(Route(base_url=base_url, model="m"), []))

    assert asks("https://openrouter.ai/api/v1")
    assert not asks("https://models.example/openrouter.ai/v1")


def test_neither_the_key_nor_a_password_in_the_address_is_shown() -> None:
    route = Route(base_url="https://me:hunter22@models.example:8443/v1", model="m", api_key=KEY)
    assert KEY not in repr(route)
    assert route.host == "models.example:8443"
