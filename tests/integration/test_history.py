"""The history of a place: what is read of it, what is held in memory, and what lies between its lines."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN, HARBOUR, character_id, ida, message_id, said, speaker

from tzurot.pipeline.fetch import merged
from tzurot.tables.messages import History, Line, Said
from tzurot.talk import Attachment, Utterance

if TYPE_CHECKING:
    from tzurot.database.connect import Database


async def keep(database: Database, *lines: Said) -> int:
    """Write lines and give the id of the newest row of their place."""
    async with database.transaction() as connection:
        await History.keep(connection, lines)
    return await database.value("SELECT max(id) FROM messages WHERE place = $1", lines[0].place)


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [line.text for line in lines]


async def test_a_line_comes_back_as_it_was_kept(database: Database) -> None:
    maren, person = await character_id(database), await ida(database)
    long_reply = said(2, "Mind the step.", ids=(message_id(2), message_id(3), message_id(4)), character_id=maren)
    await keep(database, said(1, "Ahoy 🎏", persona_id=person.persona_id), long_reply)
    assert await History(database).last(HARBOUR.key, 10) == (
        Line((message_id(1),), "Ida", "Ahoy 🎏", 6, DAWN + timedelta(minutes=1), None),
        Line(long_reply.message_ids, "Maren", "Mind the step.", 14, DAWN + timedelta(minutes=2), maren),
    )


async def test_the_newest_lines_come_in_the_order_they_were_said(database: Database) -> None:
    minutes = list(range(30))
    random.Random(5).shuffle(minutes)
    for minute in minutes[:20]:
        await keep(database, said(minute, f"line {minute}"))
    history = History(database)
    assert texts(await history.last(HARBOUR.key, 100)) == [f"line {minute}" for minute in sorted(minutes[:20])]
    for minute in minutes[20:]:
        newest = await keep(database, said(minute, f"line {minute}"))
        lines = texts(await history.last(HARBOUR.key, 100, newest))
        assert lines == sorted(lines, key=lambda text: int(text[5:]))
    assert len(lines) == 30


async def test_only_so_many_are_read_and_held(database: Database) -> None:
    history = History(database)
    await keep(database, *(said(minute, str(minute)) for minute in range(10)))
    assert texts(await history.last(HARBOUR.key, 3)) == ["7", "8", "9"]
    newest = await keep(database, said(10, "10"), said(11, "11"))
    assert texts(await history.last(HARBOUR.key, 3, newest)) == ["9", "10", "11"]
    assert texts(await history.last(HARBOUR.key, 5, newest)) == ["7", "8", "9", "10", "11"]


async def test_what_is_known_is_not_asked_for_and_what_is_new_is(database: Database) -> None:
    history = History(database)
    newest = await keep(database, said(1, "one"))
    first = await history.last(HARBOUR.key, 10, newest)
    await database.execute("UPDATE messages SET text = 'changed'")
    assert await history.last(HARBOUR.key, 10, newest) is first
    later = await keep(database, said(2, "two"))
    assert texts(await history.last(HARBOUR.key, 10, later)) == ["one", "two"]
    last = await keep(database, said(3, "three"))
    assert last > later
    assert texts(await history.last(HARBOUR.key, 10)) == ["one", "two", "three"]  # nobody knows: it is asked


async def test_what_was_just_written_is_taken_in_before_it_is_asked_for(database: Database) -> None:
    history = History(database)
    await keep(database, said(1, "one"), said(1, "unread", place="discord:8"))
    assert texts(await history.last(HARBOUR.key, 10)) == ["one"]
    await history.last("discord:404", 10)
    newest = await keep(database, said(2, "two"), said(2, "new there", place="discord:404"))
    await history.refresh({HARBOUR.key, "discord:8", "discord:404"})
    await database.execute("UPDATE messages SET text = 'changed'")
    assert texts(await history.last(HARBOUR.key, 10, newest - 1)) == ["one", "two"]  # entered before that was said
    assert texts(await history.last("discord:404", 10, 0)) == ["new there"]
    assert texts(await history.last("discord:8", 10, 1)) == ["changed"]  # nobody had asked there


async def test_an_empty_place_is_empty(database: Database) -> None:
    history = History(database)
    assert await history.last("discord:404", 10, 0) == ()
    assert await history.last("discord:404", 10) == ()


async def test_after_a_deletion_the_cache_forgets(database: Database) -> None:
    history = History(database)
    newest = await keep(database, said(1, "one"), said(2, "two"))
    await history.last(HARBOUR.key, 10, newest)
    await database.execute("DELETE FROM messages WHERE text = 'two'")
    history.forget()
    assert texts(await history.last(HARBOUR.key, 10, newest - 1)) == ["one"]
    await database.execute("DELETE FROM messages")
    history.forget()
    assert await history.last(HARBOUR.key, 10, 0) == ()


async def test_what_is_made_of_lines_goes_with_them(database: Database) -> None:
    history = History(database)
    assert history.made_of(HARBOUR.key) == {}
    newest = await keep(database, said(1, "one"))
    for forgets in (history.forget, lambda: history.release(HARBOUR.key)):
        await history.last(HARBOUR.key, 10, newest)
        history.made_of(HARBOUR.key)[3] = "Ida: one"
        newest = await keep(database, said(newest + 1, "next"))
        await history.last(HARBOUR.key, 10, newest)
        assert history.made_of(HARBOUR.key) == {3: "Ida: one"}
        forgets()
        assert history.made_of(HARBOUR.key) == {}


async def test_the_same_line_twice_is_one_and_places_are_apart(database: Database) -> None:
    await keep(database, said(1, "one"))
    await keep(database, said(1, "one again"), said(1, "elsewhere", place="discord:8"))
    history = History(database)
    assert texts(await history.last(HARBOUR.key, 10)) == ["one"]
    assert texts(await history.last("discord:8", 10)) == ["elsewhere"]


async def test_what_postgres_cannot_hold_is_left_out(database: Database) -> None:
    await keep(database, replace(said(1, "a\0b"), speaker="N" * 300))
    (line,) = await History(database).last(HARBOUR.key, 10)
    assert (line.text, line.speaker) == ("ab", "N" * 255)


# Between the kept lines


def heard(minute: int, text: str = "", *attached: str) -> Utterance:
    return Utterance(
        message_id=message_id(minute),
        place=HARBOUR,
        speaker=speaker("9", "Otto"),
        text=text or f"heard {minute}",
        said_at=DAWN + timedelta(minutes=minute),
        attachments=tuple(Attachment(name=n, url="", media_type="", size_bytes=1) for n in attached),
    )


def kept(minute: int, *more: int) -> Line:
    ids = tuple(message_id(one) for one in (minute, *more))
    return Line(ids, "Ida", f"kept {minute}", 2, DAWN + timedelta(minutes=minute))


def test_bystanders_are_heard_where_they_spoke() -> None:
    lines = merged((kept(1), kept(4)), (heard(0), heard(2), heard(5)), {message_id(9)}, 10)
    assert texts(lines) == ["heard 0", "kept 1", "heard 2", "kept 4", "heard 5"]
    assert (lines[0].speaker, lines[0].message_ids) == ("Otto", (message_id(0),))
    assert lines[0].tokens > 0


def test_nothing_is_heard_twice() -> None:
    both = merged((kept(1, 2, 3),), (heard(1), heard(2), heard(3), heard(4)), {message_id(4)}, 10)
    assert texts(both) == ["kept 1"]
    assert texts(merged((kept(1), kept(2)), (), {message_id(2)}, 10)) == ["kept 1"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_of_both_the_newest_are_taken(limit: int) -> None:
    lines = merged((kept(1), kept(3)), (heard(2), heard(4)), {message_id(9)}, limit)
    assert texts(lines) == ["kept 1", "heard 2", "kept 3", "heard 4"][-limit:]


def test_what_a_bystander_attached_is_named() -> None:
    (line,) = merged((), (heard(1, "Look!", "sea.png", "map.pdf"),), {message_id(9)}, 10)
    assert line.text == "Look!\n[attached: sea.png, map.pdf]"
