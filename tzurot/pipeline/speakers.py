"""How the label of a speaker looks at the head of a line, and what a bracketed time is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Longer than any bracketed times, bold marks and white space that a label may hold beside its name.
LABEL_ROOM = 220

_UNIT = r"(?:sec(?:ond)?|min(?:ute)?|h(?:ou)?r|day|week|wk|month|mo|year|yr)s?|[smhdwy]"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_MOMENT = "|".join(
    (
        rf"(?:about |over |~)?(?:\d{{1,4}}|an?|a few) ?(?:{_UNIT})(?:,? \d{{1,2}} ?(?:{_UNIT}))? ago",
        r"\d{1,4} ?(?:mo|min|sec|hr|[smhdw])",
        r"just now|now|a moment ago|moments ago|today|tonight|yesterday",
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun",
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}",
        rf"{_MONTH} {_DAY}(?:,? \d{{4}})?|{_DAY} {_MONTH}(?:,? \d{{4}})?",
        r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]m",
    )
)
_ZONE = r"(?: ?(?:z|utc|gmt|[a-z]{2,4}t|[+-]\d{2}:?\d{2})){0,2}"
_TIME = rf"(?:{_MOMENT})(?:[ ,t|·-]{{0,3}}(?:at )?(?:{_MOMENT})){{0,3}}{_ZONE}"
_SPACE = r"[^\S\n]{0,3}"
_BRACKETED = rf"\[{_SPACE}(?:{_TIME}){_SPACE}\]"
_EITHER_BRACKETS = rf"(?:{_BRACKETED}|\({_SPACE}(?:{_TIME}){_SPACE}\))"

TIME_AT_HEAD = re.compile(rf"{_BRACKETED}(?!\()\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speakers:
    """The marks of those who take part in a conversation, ready to be looked for."""

    own_label: re.Pattern[str]
    other_label: re.Pattern[str]
    mention: re.Pattern[str]
    label_room: int


@lru_cache(maxsize=256)
def speakers(character: str, others: tuple[str, ...]) -> Speakers:
    own = _key(character)
    strangers = tuple(dict.fromkeys(name for name in others if _key(name) not in {own, ""}))
    everybody = (character, *strangers)
    return Speakers(
        own_label=_label((character,)),
        other_label=_label(strangers),
        mention=re.compile(
            rf"<@[!&]?\d+>[,:;]?|<\#\d+>|(?<!\w)@(?:{_any_of(everybody)}|\w[\w.-]*+)[,:;]?", re.IGNORECASE
        ),
        label_room=LABEL_ROOM + 3 * max(map(len, everybody)),
    )


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _label(names: tuple[str, ...]) -> re.Pattern[str]:
    """A name and a colon at the head of a line, plain or bold, a bracketed time before or after the name."""
    name = _any_of(names)
    before, after = rf"(?:{_BRACKETED}{_SPACE})?", rf"(?:{_SPACE}{_EITHER_BRACKETS})?"
    colon, bold = rf"{_SPACE}[:\uff1a]", r"(?:\*{2,3}|__)"
    plain_label = rf"{name}{after}{colon}"
    bold_label = rf"{bold}{before}{name}{after}(?:{colon}{bold}|{bold}{after}{colon})"
    return re.compile(rf"^{_SPACE}{before}(?:{plain_label}|{bold_label})\s*", re.IGNORECASE | re.MULTILINE)


def _any_of(names: tuple[str, ...]) -> str:
    """Names are literal, but for white space, quotes and the two ways in which accents are written."""
    forms = {unicodedata.normalize(form, name.strip()) for name in names for form in ("NFC", "NFD")}
    literal = (_literal(form) for form in sorted(forms, key=len, reverse=True) if form)
    return f"(?:{'|'.join(literal) or r'(?!)'})"


def _literal(name: str) -> str:
    escaped = r"[^\S\n]{1,3}".join(re.escape(word) for word in name.split())
    return re.sub("['‘’]", "['‘’]", escaped)
