"""Which facts are read from what people say of themselves, and which are not."""

from __future__ import annotations

import pytest

from tzurot.memory.claims import claims_in


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("My name is Ida Brandt.", "name", "Ida Brandt"),
        ("Please call me Ishmael.", "name", "Ishmael"),
        ("I'm 31 years old", "age", "31"),
        ("I just turned 40!", "age", "40"),
        ("my birthday is on March 14th", "birthday", "March 14th"),
        ("i live in New York and work too much", "home", "New York"),
        ("We moved to Oslo last week.", "home", "Oslo"),
        ("I’m from Lisbon", "origin", "Lisbon"),
        ("I work as a night nurse at the clinic.", "job", "night nurse"),
        ("I'm a baker by trade", "job", "baker"),
        ("My pronouns are she/her", "pronouns", "she/her"),
        ("I'm allergic to peanuts.", "allergy", "peanuts"),
        ("I'm allergic to peanuts and cats.", "allergy", "cats"),
        ("My sister Nora plays the violin.", "sister", "Nora"),
        ("I have a cat named Tom", "cat", "Tom"),
        ("My dog is called Biscuit", "dog", "Biscuit"),
        ("My wife's name is Ada.", "partner", "Ada"),
        ("my favourite colour is dark green, by far", "favourite colour", "dark green"),
        ("I really love dark chocolate but not today", "likes", "dark chocolate"),
        ("I can't stand olives, honestly", "dislikes", "olives"),
        ("Remember that I take my tea without milk.", "note", "I take my tea without milk"),
    ],
)
def test_plain_statements_are_facts(text: str, slot: str, value: str) -> None:
    found = {(claim.slot, claim.value, claim.over) for claim in claims_in(text)}
    assert (slot, value, False) in found
    assert all(claim.quote in " ".join(text.split()) for claim in claims_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "Do I live in Berlin?",
        "If I live in Paris one day, I'll paint.",
        "I wish my name was Bob",
        "I used to live in Rome.",
        "> I live in Kiel",
        "*I am a dragon, my name is Smaug*",
        'She said "I live in Cairo" and left',
        "Look\n[attached file me.txt, which begins: [1] My name is Bob. I live in Ulm]",
        "Look\n[attached: I live in Bern.txt]",
        "[attached picture flag.png: A sign says: My name is Bob.]",
        "Hm\n[forwarded message: My name is Bob.\n\nI live in Kiel.]",
        "[embed: News · I live in Kiel]",
        "Call me later!",
        "I like you. I love it when it rains.",
        "My name is not important",
        "I never said I work as a clown",
        "I would love chocolate",
        "My sister is tall",
    ],
)
def test_questions_wishes_quotations_and_play_are_none(text: str) -> None:
    assert claims_in(text) == ()


def test_what_is_over_is_said_to_be_over() -> None:
    assert [(claim.slot, claim.value, claim.over) for claim in claims_in("I no longer live in Berlin.")] == [
        ("home", "Berlin", True)
    ]


def test_several_facts_of_one_message() -> None:
    text = "My name is Ida. I live in Lisbon! I work as a baker, and I love opera."
    assert {(claim.slot, claim.value) for claim in claims_in(text)} == {
        ("name", "Ida"),
        ("home", "Lisbon"),
        ("job", "baker"),
        ("likes", "opera"),
    }
