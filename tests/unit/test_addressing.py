from __future__ import annotations

import pytest

from tzurot.pipeline.mentions import Addressable, addressed


def named(*names: str) -> list[Addressable]:
    return [Addressable(name=name, slug=f"slug-{i}", key=i) for i, name in enumerate(names)]


@pytest.mark.parametrize(
    ("text", "names", "called"),
    [
        ("@Wendy's here", ["Wendy", "Wendy's"], ["Wendy's"]),
        ("ask @J.T..", ["J.T."], ["J.T."]),
        ("**@Mira**'s turn", ["Mira"], ["Mira"]),
        ("@Mira,hello", ["Mira"], ["Mira"]),
        ("@Mira-Lou", ["Mira"], []),
        ("@Old\nCrow", ["Old Crow"], []),
        ("@12 and @everyone", ["12", "everyone"], []),
        ("[@Mira](https://a.example) social.example/@Mira first.last+@mira.example", ["Mira"], []),
        ("@Strasse", ["Straße"], ["Straße"]),
        ("@A @B @X @A @C @D @E @F", ["A", "B", "C", "D", "E", "F"], ["A", "B", "C", "D", "E"]),
    ],
)
def test_who_is_called(text: str, names: list[str], called: list[str]) -> None:
    assert [each.name for each in addressed(text, named(*names))] == called


def test_a_name_goes_before_a_slug_and_a_slug_before_an_alias() -> None:
    by_alias = Addressable(name="One", slug="one", aliases=("mimi",), key=1)
    by_slug = Addressable(name="Two", slug="mimi", key=2)
    by_name = Addressable(name="Mimi", slug="three", key=3)
    assert addressed("@mimi", [by_alias, by_slug, by_name]) == (by_name,)
    assert addressed("@mimi", [by_alias, by_slug]) == (by_slug,)


def test_of_two_with_one_name_the_first_candidate_answers() -> None:
    first, second = (Addressable(name="Mira", slug=f"m{i}", key=i) for i in range(2))
    assert addressed("@Mira", [second, first]) == (second,)
