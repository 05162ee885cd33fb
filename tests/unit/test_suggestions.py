"""Which characters are offered while somebody types a name, and in which order."""

from __future__ import annotations

import pytest

from tzurot.discord.options import OFFERED, best_matches
from tzurot.tables.characters import CharacterSummary, slug_of


def characters(*names: str) -> list[CharacterSummary]:
    return [
        CharacterSummary(id=number, slug=slug_of(name), name=name, owner_id=None, is_public=True)
        for number, name in enumerate(names, 1)
    ]


def offered(typed: str, *names: str) -> list[str]:
    return [character.name for character in best_matches(typed, characters(*names))]


def test_the_name_itself_then_its_beginnings_then_words_then_what_is_alike() -> None:
    names = ("Samarem", "Old Maren", "Marenka", "Maren", "Quill")
    assert offered("maren", *names) == ["Maren", "Marenka", "Old Maren", "Samarem"]
    assert offered("  MAREN ", *reversed(names)) == ["Maren", "Marenka", "Old Maren", "Samarem"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("quil", "Quill"),
        ("marne", "Maren"),
        ("j-t-o-hara", "J.T. O'Hara"),
        ("J.T", "J.T. O'Hara"),
        ("o'h", "J.T. O'Hara"),
        ("凛", "凛 Aoki"),
        ("STRASSE", "Straße"),
    ],
)
def test_what_was_meant_comes_first(typed: str, first: str) -> None:
    assert offered(typed, "Quill", "Maren", "J.T. O'Hara", "凛 Aoki", "Straße")[0] == first


def test_nothing_typed_offers_everybody_in_their_order() -> None:
    names = [f"name {number:03}" for number in range(40)]
    for typed in ("", "   "):
        assert offered(typed, *names) == names[:OFFERED]


def test_nothing_alike_offers_nobody() -> None:
    assert offered("zzzzqqqq", "Maren", "Quill", "Tamsin") == []
    assert offered("maren") == []


def test_never_more_than_discord_takes() -> None:
    assert len(offered("name", *[f"name {number}" for number in range(300)])) == OFFERED == 25


def test_of_two_with_one_name_both_are_offered() -> None:
    twins = [
        CharacterSummary(id=number, slug=slug, name="Mira", owner_id=None, is_public=True)
        for number, slug in ((1, "mira"), (2, "mira-2"))
    ]
    assert best_matches("mira", twins) == twins
    assert best_matches("mira-2", twins)[0] == twins[1]
