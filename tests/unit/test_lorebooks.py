"""Lorebooks as files: every kind is read, and what is written is read as the same."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tzurot.cards.payload import dump
from tzurot.errors import Invalid
from tzurot.lore.book import Book, Entry, Filter, Logic, Slot
from tzurot.lore.decorators import read as read_decorators
from tzurot.lore.files import from_object, read_lorebook, to_card_book, to_world, whole_content

WORLD: dict[str, Any] = {
    "uid": 7, "key": ["a", "/b/i"], "keysecondary": ["c"], "comment": "note", "content": "@@depth 2\nText", "order": 3,
    "constant": True, "selective": False, "selectiveLogic": 3, "disable": True, "position": 4, "depth": 0, "role": 2,
    "probability": 40, "useProbability": True, "group": "x, y", "groupOverride": True, "groupWeight": 5,
    "useGroupScoring": False, "excludeRecursion": True, "preventRecursion": True, "delayUntilRecursion": True,
    "scanDepth": 9, "matchWholeWords": True, "caseSensitive": False, "sticky": 1, "cooldown": 2, "delay": 3,
    "automationId": "q", "vectorized": True, "matchScenario": True, "triggers": ["swipe"], "ignoreBudget": True,
    "outletName": "o", "characterFilter": {"isExclude": True, "names": ["n"], "tags": ["t"]}, "future": {"x": 1},
}  # fmt: skip


def only(raw: dict[str, Any]) -> Entry:
    return from_object(raw).book.entries[0]


def test_every_field_of_a_world_file_is_read() -> None:
    entry = only({"entries": {"7": WORLD}})
    assert entry == Entry(
        uid="7", keys=("a", "/b/i"), secondary_keys=("c",), comment="note", content="Text",
        decorators=read_decorators(["@@depth 2"]), order=3, constant=True, selective=False, logic=Logic.AND_ALL,
        enabled=False, slot=Slot.AT_DEPTH, depth=0, role="assistant", probability=40, use_probability=True,
        group="x, y", group_override=True, group_weight=5, use_group_scoring=False, exclude_recursion=True,
        prevent_recursion=True, delay_until_recursion=1, scan_depth=9, whole_words=True, case_sensitive=False, sticky=1,
        cooldown=2, delay=3, automation_id="q", vectorized=True, matches=frozenset({"scenario"}), triggers=("swipe",),
        ignore_budget=True, outlet="o", filter=Filter(names=("n",), tags=("t",), exclude=True),
    )  # fmt: skip
    bare = Entry(uid="x")
    assert not [f.name for f in fields(entry) if f.compare and f.name not in {"use_regex", "priority"}
                and getattr(entry, f.name) == getattr(bare, f.name)]  # fmt: skip
    assert whole_content(entry) == "@@depth 2\nText"
    assert entry.groups == ("x", "y")


def test_what_is_missing_has_the_defaults_of_its_kind() -> None:
    assert only({"entries": {"3": {"key": ["a"]}}}) == Entry(uid="3", keys=("a",))
    assert only({"entries": [{"keys": ["a"], "content": "c"}]}) == Entry(
        uid="0", keys=("a",), content="c", selective=False, slot=Slot.AFTER
    )
    assert only({"entries": [{"keys": ["a"], "position": "before_char"}]}).slot is Slot.BEFORE


def test_a_card_entry_says_more_in_its_extensions() -> None:
    entry = only({"entries": [{
        "keys": ["a"], "position": "after_char", "case_sensitive": True, "use_regex": True, "id": 5,
        "extensions": {"position": 4, "depth": 1, "role": 1, "selectiveLogic": 2, "probability": 30},
    }]})  # fmt: skip
    assert (entry.slot, entry.depth, entry.role, entry.logic) == (Slot.AT_DEPTH, 1, "user", Logic.NOT_ANY)
    assert (entry.case_sensitive, entry.uid, entry.use_probability) == (True, "5", True)
    assert not entry.use_regex  # written by a program that puts it everywhere
    assert only({"entries": [{"keys": ["a"], "use_regex": True}]}).use_regex


@pytest.mark.parametrize(
    ("raw", "kind", "keys", "content"),
    [
        ({"type": "risu", "ver": 1, "data": [{"key": "a, b", "content": "c", "insertorder": 4}]},
         "risu", ("a", "b"), "c"),
        ({"entries": [{"keywords": ["a"], "entry": "c", "weight": 4}]}, "agnai", ("a",), "c"),
        ({"entries": [{"keys": ["a"], "text": "c", "contextConfig": {"budgetPriority": 4}}]}, "novelai", ("a",), "c"),
        ({"spec": "lorebook_v3", "data": {"entries": [{"keys": ["a"], "content": "c", "insertion_order": 4}]}},
         "lorebook_v3", ("a",), "c"),
    ],
)  # fmt: skip
def test_books_of_other_programs(raw: dict[str, Any], kind: str, keys: tuple[str, ...], content: str) -> None:
    reading = from_object(raw, "Name")
    entry = reading.book.entries[0]
    assert (reading.kind, entry.keys, entry.content, entry.order) == (kind, keys, content, 4)
    assert reading.book.name == "Name"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{ invalid", "lorebook.not_json"), (b"{}", "lorebook.no_entries"), (b"[]", "lorebook.not_object"),
        (b'{"entries": 7}', "lorebook.no_entries"), (b'{"entries": "x"}', "lorebook.no_entries"),
    ],
)  # fmt: skip
def test_what_is_no_lorebook_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_lorebook(content)
    assert refused.value.code == code


def test_entries_of_one_uid_are_told_apart_and_strange_ones_counted() -> None:
    reading = from_object({"entries": [{"key": ["a"], "uid": 1}, {"key": ["b"], "uid": 1}, 7, None, {}]})
    assert [entry.uid for entry in reading.book.entries] == ["1", "1-2"]
    assert reading.warnings == ("3 entries could not be used",)


ANY = st.none() | st.booleans() | st.integers(-5, 300) | st.floats(-2, 200) | st.text(max_size=6) | st.just(["a", "b"])
ENTRY = st.fixed_dictionaries({}, optional={name: ANY | st.just(value) for name, value in WORLD.items()}).map(
    lambda raw: {"key": ["k"], **raw}
)
CARD_ENTRY = st.fixed_dictionaries(
    {"keys": st.just(["k"]), "content": st.sampled_from(["c", "@@role user\nc", "@@x\n\n"])},
    optional={
        **dict.fromkeys(
            ("secondary_keys", "insertion_order", "enabled", "selective", "id", "case_sensitive", "name"), ANY),
        "use_regex": st.booleans(), "priority": st.integers(0, 9), "unknown": ANY,
        "extensions": st.fixed_dictionaries({}, optional=dict.fromkeys(
            ("position", "depth", "role", "selectiveLogic", "probability", "group_weight", "sticky", "x"), ANY)),
    },
)  # fmt: skip


@settings(derandomize=True, deadline=None, database=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.lists(ENTRY | CARD_ENTRY, max_size=4), st.booleans())
def test_a_book_written_in_either_form_is_the_same_book(entries: list[dict[str, Any]], by_uid: bool) -> None:
    whole: Any = {str(n): entry for n, entry in enumerate(entries)} if by_uid else entries
    book = from_object({"name": "n", "entries": whole, "scan_depth": 3, "mine": {"x": 1}}).book
    for written in (to_world(book), to_card_book(book)):
        again = from_object(dict(written)).book
        assert again == book
        assert written["mine"] == {"x": 1}
        dump(written)


def test_what_nobody_knows_survives_in_either_form() -> None:
    book = from_object({"entries": {"7": WORLD}}).book
    assert to_world(book)["entries"]["7"]["future"] == {"x": 1}
    assert to_card_book(book)["entries"][0]["future"] == {"x": 1}
    assert to_world(Book(name="bare", entries=(Entry(uid="a"),)))["entries"]["a"]["key"] == []


def test_decorators() -> None:
    said = read_decorators([
        "@@unknown 1", "@@@depth x", "@@@depth 3", "@@@depth 4", "@@depth 9", "@@additional_keys a, b",
        "@@additional_keys c", "@@exclude_keys d", "@@role Wizard", "@@role USER", "@@activate_only_every 0",
        "@@is_greeting 2", "@@constant", "@@match_partial_word", "@@priority -5",
        "@@disable_ui_prompt system_prompt", "@@probability 1e3",
    ])  # fmt: skip
    assert (said.depth, said.role, said.is_greeting, said.constant) == (3, "user", 2, True)
    assert (said.additional_keys, said.exclude_keys) == ((("a", "b"), ("c",)), ("d",))
    assert (said.activate_only_every, said.whole_words, said.priority, said.probability) == (None, False, -5, None)
    assert said.disable_ui_prompt == ("system_prompt",)
