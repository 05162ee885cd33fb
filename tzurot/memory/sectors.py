"""A label people can filter their memories by; it takes no part in what is recalled."""

from __future__ import annotations

from typing import Literal

import regex

Sector = Literal["episodic", "semantic", "procedural", "emotional", "reflective"]
_KIN = "sister|brother|mother|father|mom|mum|dad|wife|husband|partner|daughter|son|dog|cat"
_WORDS: dict[Sector, str] = {
    "procedural": "how to|step by step|recipe|first you|then you|instructions?|make sure (?:to|you)|in order to",
    "reflective": "i(?:'ve| have)? (?:realis|realiz|learn)ed|looking back|i wonder (?:if|why)|the lesson|taught me",
    "emotional": (
        "i(?:'m| am| feel| felt| was) (?:\\w+ )?(?:happy|sad|angry|afraid|scared|lonely|proud|anxious|excited|upset"
        "|grateful|heartbroken|nervous|ashamed|jealous|miserable|thrilled)|i (?:love|hate|miss) (?:you|him|her|them)"
    ),
    "semantic": (
        f"my (?:\\w+ )?(?:name|birthday|job|favou?rite|{_KIN})(?:'s)? (?:is|are)|i(?:'m| am) (?:a|an|from|allergic)"
        "|i (?:live|work) (?:in|at|as|for)|i (?:like|prefer|hate)"
    ),
}
_SIGNS: dict[Sector, regex.Pattern[str]] = {
    sector: regex.compile(rf"\b(?:{words})\b", regex.IGNORECASE) for sector, words in _WORDS.items()
}


def sector_of(text: str) -> Sector:
    """What kind of memory a line is; an event, as long as nothing speaks for another."""
    plain = text.replace("’", "'")
    for sector, signs in _SIGNS.items():
        if signs.search(plain):
            return sector
    return "episodic"
