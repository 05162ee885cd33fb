"""Which characters are offered while somebody types a name, and in which order."""

from __future__ import annotations

import pytest

from tzurot.discord.options import OFFERED
from tzurot.tables.characters import slug_of
from tzurot.ui.ranking import Named, best_matches, labels


def named(*names: str) -> list[Named]:
    return [Named(name=name, value=slug_of(name)) for name in names]


def offered(typed: str, *names: str) -> list[str]:
    return [one.name for one in best_matches(typed, named(*names), OFFERED)]


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


def test_of_two_with_one_name_both_are_offered_and_told_apart() -> None:
    twins = [Named(name="Mira", value="mira"), Named(name="Mira", value="mira-2")]
    assert best_matches("mira", twins, OFFERED) == twins
    assert best_matches("mira-2", twins, OFFERED)[0] == twins[1]
    assert [label for label, _ in labels([*twins, *named("Quill")])] == ["Mira (mira)", "Mira (mira-2)", "Quill"]
