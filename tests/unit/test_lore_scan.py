"""What a scan does beyond its case tables: latches, forced entries, budgets of books, timers that come and go."""

from __future__ import annotations

import time
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from tzurot.lore.candidates import candidates
from tzurot.lore.files import from_object
from tzurot.lore.scan import Conversation, Line, Scanned, ScanSettings, scan
from tzurot.lore.timed import Effect, Timers, from_json, to_json

if TYPE_CHECKING:
    from tzurot.lore.book import Book
    from tzurot.lore.patterns import Patience


def book(*entries: dict[str, Any], name: str = "book", **more: Any) -> Book:
    return from_object({"name": name, "entries": {str(n): entry for n, entry in enumerate(entries)}, **more}).book


def called(
    *books: Book,
    said: str = "hi",
    timers: Timers | None = None,
    patience: Patience | None = None,
    settings: ScanSettings | None = None,
    dice: int = 1,
    **more: Any,
) -> Scanned:
    return scan(
        [("character", each) for each in books],
        Conversation(lines=tuple(Line(name="Ida", text=text) for text in said.split("|")), **more),
        settings=settings or ScanSettings(),
        context_tokens=4000,
        count=lambda text: len(text) // 4,
        expand=lambda text: text.replace("{{char}}", "Maren"),
        dice=Random(dice),
        timers=timers,
        patience=patience,
    )


def texts(scanned: Scanned) -> list[str]:
    return [each.text for each in scanned.activated]


def test_every_activation_says_why() -> None:
    scanned = called(
        book(
            {"key": ["hi"], "content": "a"},
            {"key": [], "content": "b", "constant": True},
            {"key": ["hi"], "keysecondary": ["there"], "content": "c"},
            {"key": ["zzz"], "content": "@@activate\nd"},
            {"key": ["zzz"], "content": "e"},
        ),
        said="hi there",
        forced=frozenset({"book.4"}),
    )
    assert {each.text: each.why for each in scanned.activated} == {
        "a": "key “hi”", "b": "constant", "c": "key “hi” and “there”", "d": "decorator @@activate", "e": "forced",
    }  # fmt: skip


def test_keys_and_texts_are_expanded_before_they_are_looked_for() -> None:
    scanned = called(
        book({"key": ["hi"], "content": "{{char}}"}, {"key": ["{{char}}"], "content": "found"}),
        settings=ScanSettings(recursive=True),
    )
    assert texts(scanned) == ["Maren", "found"]


def test_decorators_latch_on_and_off() -> None:
    both = book(
        {"key": ["hi"], "content": "@@keep_activate_after_match\nkept"},
        {"key": ["hi"], "content": "@@dont_activate_after_match\nonce"},
    )
    first = called(both)
    assert set(texts(first)) == {"kept", "once"}
    assert texts(called(both, said="nothing", timers=first.timers)) == ["kept"]
    assert texts(called(both, said="hi", timers=first.timers)) == ["kept"]


def test_a_books_own_budget_drops_the_least_important() -> None:
    own = book(
        {"key": ["hi"], "content": "a" * 40, "order": 300, "priority": 1},
        {"key": ["hi"], "content": "b" * 40, "order": 200},
        {"key": ["hi"], "content": "@@ignore_on_max_context\n" + "c" * 40, "order": 250},
        token_budget=10,
    )
    scanned = called(own)
    assert texts(scanned) == ["b" * 40]
    assert {entry.content[0] for entry in scanned.dropped} == {"a", "c"}


def test_a_book_may_recurse_where_the_settings_do_not_and_the_other_way_round() -> None:
    chain = ({"key": ["hi"], "content": "next"}, {"key": ["next"], "content": "end"})
    assert texts(called(book(*chain, recursive_scanning=True))) == ["next", "end"]
    assert texts(called(book(*chain, recursive_scanning=False), settings=ScanSettings(recursive=True))) == ["next"]


def test_a_books_own_scan_depth() -> None:
    assert texts(called(book({"key": ["far"], "content": "x"}, scan_depth=4), said="far|b|c|d")) == ["x"]
    assert texts(called(book({"key": ["far"], "content": "x"}), said="far|b|c|d")) == []


def test_the_same_book_counts_once_and_strangers_without_a_name_do_not_mix() -> None:
    twice = book({"key": ["hi"], "content": "x"})
    found = candidates([("character", twice), ("global", twice), ("chat", twice)])
    assert [candidate.key for candidate in found] == ["book.0"]
    unnamed = [replace(twice, name=""), replace(twice, name="")]
    keys = [candidate.key for candidate in candidates([("character", each) for each in unnamed])]
    assert keys == ["character.0", "character-2.0"]


def test_chance_is_rolled_with_the_given_dice_and_groups_draw_by_weight() -> None:
    rolled = book({"key": ["hi"], "content": "x", "probability": 30, "useProbability": True})
    hits = sum(bool(called(rolled, dice=n).activated) for n in range(300))
    assert 60 < hits < 120
    drawn = book(
        {"key": ["hi"], "content": "light", "group": "g", "groupWeight": 20},
        {"key": ["hi"], "content": "heavy", "group": "g", "groupWeight": 80},
    )
    won = [texts(called(drawn, dice=n)) for n in range(300)]
    assert all(len(each) == 1 for each in won)
    assert 190 < won.count(["heavy"]) < 280


def test_timers_survive_storage_and_an_entry_that_changed() -> None:
    staying = {"key": ["hi"], "content": "x", "sticky": 3, "cooldown": 2}
    first = called(book(staying))
    stored = from_json(to_json(first.timers))
    assert stored == first.timers
    assert [each.why for each in called(book(staying), said="a|b", timers=stored).activated] == ["sticky"]
    assert texts(called(book({**staying, "content": "y"}), said="a|b", timers=stored)) == []
    assert from_json({"sticky": {"a": [1], "b": "x"}, "matched": [1], "cooldown": 7}) == Timers()


def test_a_stay_that_ends_begins_a_rest_which_survives_a_shorter_conversation() -> None:
    both = book({"key": ["hi"], "content": "x", "sticky": 1, "cooldown": 3})
    timers = called(both).timers
    ended = called(both, said="hi|hi", timers=timers)
    assert texts(ended) == []
    assert ended.timers.cooldown["book.0"] == Effect(
        fingerprint=both.entries[0].fingerprint, start=2, end=5, protected=True
    )
    assert texts(called(both, said="hi", timers=ended.timers)) == []
    assert texts(called(both, said="hi|" * 4 + "hi", timers=ended.timers)) == ["x"]


def test_a_conversation_may_be_longer_than_what_is_known_of_it() -> None:
    late = book({"key": ["hi"], "content": "x", "delay": 50})
    assert texts(called(late)) == []
    assert texts(called(late, length=50)) == ["x"]


def test_hostile_books_are_bounded() -> None:
    patterns = [{"key": [f"/(a+)+$|{n}b/"], "content": "x"} for n in range(200)]
    loop = [{"key": ["hi", f"w{n}"], "content": f"w{n + 1} " * 50} for n in range(300)]
    for entries, settings in ((patterns, ScanSettings()), (loop, ScanSettings(recursive=True, min_activations=999))):
        own = book(*entries)
        begun = time.process_time()
        scanned = called(own, said="a" * 65536 + "!|hi", settings=settings)
        assert time.process_time() - begun < 0.5
        assert scanned.in_time == (entries is loop)
    begun = time.process_time()
    called(book(*patterns), said="a" * 65536 + "!")
    assert time.process_time() - begun < 0.25  # 40 ms for the patterns, some for making them
