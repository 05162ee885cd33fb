"""Conversations as files: nothing is lost on the way, and what is no conversation is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tzurot.cards.chats import Chat, ChatLine, read_date, read_jsonl, write_date, write_jsonl, write_text
from tzurot.errors import Invalid

AT = datetime(2024, 9, 5, 13, 23, 45, 678000, UTC)
HEADER = {"user_name": "Ida", "character_name": "Maren", "create_date": "2024-9-5 @13h 23m 45s 678ms",
          "chat_metadata": {"note_prompt": "n", "timedWorldInfo": {"sticky": {}}}, "own": 1}  # fmt: skip
LINES: list[dict[str, Any]] = [
    {"name": "Maren", "is_user": False, "is_system": False, "mes": "Ahoy.", "send_date": "September 5, 2024 1:23pm",
     "swipes": ["Hm.", "Ahoy."], "swipe_id": 1, "swipe_info": [{"extra": {"a": 1}}, {}], "extra": {"model": "m"}},
    {"name": "Ida", "is_user": True, "is_system": False, "mes": "Hi.\r\nAnyone?", "send_date": 1725542625678},
    {"name": "Narrator", "is_user": False, "is_system": True, "mes": "hidden", "extra": {}},
    {"name": "Maren", "is_user": False, "is_system": False, "mes": "raw", "extra": {"display_text": "shown"}},
]  # fmt: skip


def jsonl(*objects: object) -> bytes:
    return b"\n".join(map(orjson.dumps, objects))


def test_a_chat_comes_back_as_it_was() -> None:
    reading = read_jsonl(jsonl(HEADER, *LINES))
    chat = reading.chat
    assert (chat.user, chat.character, chat.created_at, reading.warnings) == ("Ida", "Maren", AT, ())
    assert [(line.text, line.by_user, line.is_hidden, line.swipe) for line in chat.lines] == [
        ("Ahoy.", False, False, 1), ("Hi.\r\nAnyone?", True, False, 0), ("hidden", False, True, 0),
        ("raw", False, False, 0),
    ]  # fmt: skip
    assert chat.lines[1].said_at == AT
    written = write_jsonl(chat)
    assert read_jsonl(written).chat == chat
    again = [orjson.loads(line) for line in written.splitlines()]
    assert again[0] == HEADER
    assert {key: again[1][key] for key in LINES[0]} == LINES[0]  # not a date, not a swipe is written another way
    assert again[2]["send_date"] == 1725542625678


def test_text_for_people() -> None:
    assert write_text(read_jsonl(jsonl(HEADER, *LINES)).chat) == "Maren: Ahoy.\n\nIda: Hi.\nAnyone?\n\nMaren: shown\n\n"


def test_old_group_chats_have_no_header_and_broken_lines_are_counted() -> None:
    reading = read_jsonl(b"\xef\xbb\xbf" + jsonl(*LINES[:2]) + b"\n{oops\n[1]\n" + b'{"name": "x"}\n\r\n')
    assert len(reading.chat.lines) == 2
    assert reading.warnings == ("3 lines could not be read",)
    assert read_jsonl(jsonl(HEADER)).chat.lines == ()


@pytest.mark.parametrize("content", [b"", b"hello", b"[]", b'{"mess": 1', b"[" * 100_000, b" " * (16 * 2**20 + 1)])
def test_what_is_no_chat_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        read_jsonl(content)


def test_every_notation_of_a_date() -> None:
    plain = AT.replace(second=0, microsecond=0)
    for text in ("September 5, 2024 1:23pm", "September 5, 2024 1:23 PM", "2024-09-05T13:23:00", "2024-9-5@13h23m00s"):
        assert read_date(text) == plain, text
    for value in ("2024-09-05T13:23:45.678Z", 1725542625678, "1725542625678", 1725542625.678, write_date(AT)):
        assert read_date(value) == AT, value
    assert [read_date(value) for value in (None, "soon", True, {}, 1e300, "2024-99-99 @1h 1m 1s")] == [None] * 6


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
LINE = st.builds(
    lambda name, text, by_user, hidden, swipes, at: ChatLine(
        name=name, text=text, by_user=by_user, is_hidden=hidden, swipes=(*swipes, text) if swipes else (),
        swipe=len(swipes), said_at=at,
    ),
    TEXT, TEXT, st.booleans(), st.booleans(), st.lists(TEXT, max_size=3),
    st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(tzinfo=UTC, microsecond=at.microsecond // 1000 * 1000)),
)  # fmt: skip


@settings(derandomize=True, deadline=None, database=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.lists(LINE, max_size=5), TEXT)
def test_any_chat_of_ours_is_read_again(lines: list[ChatLine], name: str) -> None:
    chat = Chat(user=name, character="Maren", created_at=AT, metadata={"a": [1]}, lines=tuple(lines))
    assert read_jsonl(write_jsonl(chat)).chat == chat
