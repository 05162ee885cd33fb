"""What people say of themselves, read by patterns without a model: few kinds of facts, and hardly a wrong one.

Only a person's own plain statements count: no question, no wish, nothing that is quoted or played (`*I am a dragon*`).
A claim keeps the words it was read from, so that everybody can see why a thing is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

SELF = "self"
PLAN = "plan"  # holds until the time it is for
LONGEST_VALUE = 80
# of these a person has one at a time: a new value ends the one before it
SINGLE = frozenset({"name", "age", "birthday", "home", "origin", "job", "pronouns", "partner"})
FAVOURITE = "favourite "
IDENTITY = (*sorted(SINGLE), "allergy")

_KIN = "sister|brother|mother|father|mom|mum|dad|daughter|son|grandmother|grandfather|grandma|grandpa|aunt|uncle|cousin"
_PARTNER = "wife|husband|boyfriend|girlfriend|partner|fiancée?|spouse"
_PET = "dog|cat|puppy|kitten|rabbit|horse|parrot|hamster|tortoise|snake|bird|guinea pig"
_NAME = r"(?P<value>\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+){0,2})"
_PLACE = r"(?:the )?(?P<value>\p{Lu}[\p{L}'’.-]+(?:(?:,? | of | am | de | upon )\p{Lu}[\p{L}'’.-]+){0,3})"
_END = (
    r"(?=\s*(?:$|[.,;:!?()])| (?:and|but|because|since|so|when|which|that|who|as|at|in|on|for|with|more|than|too|now"
    r"|very|a lot|most|by|if)\b)"
)
_WORD = r"[\p{L}\p{N}'’-]+"
_THING = rf"(?P<value>{_WORD}(?: {_WORD}){{0,4}}?){_END}"
# what is liked in passing, and what only looks like a thing
_LIKED = (
    r"(?!(?i:you|it|that|this|these|those|him|her|them|his|its|their|our|your|my|the|some|any|all|both|every|each|how"
    r"|when|what|why|being|getting|seeing|knowing|having|making|holding|makes?|is|was|going|curling|spending|to|a|an|one)\b)"
    + _THING
)
_PLANNED = "going|visiting|flying|driving|travell?ing|meeting|seeing|starting|leaving|moving|having"
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = r"(?:the )?\d{1,2}(?:st|nd|rd|th)?"
_DAY = rf"(?P<value>{_DATE}(?: of)? (?:{_MONTH})|(?:{_MONTH}) {_DATE})"
_I_AM = r"\bi(?:['’]m| am)(?: now| really| actually| still)?"
_REALLY = r"(?: really| absolutely| just| still| also| always)?"


# what stands in every sentence that a pattern is for, the slot, and the pattern: most sentences need no closer look,
# and a pattern is compiled (a millisecond) when one first does
_PATTERNS = (
    ("my ", "name", rf"(?i:\bmy (?:real |full |first )?name(?:['’]s| is)(?: actually| now)?) {_NAME}"),
    ("call me", "name", rf"(?i:\b(?:please |just |you can |you may )?call me) {_NAME}(?=[.!,;]|$)"),
    (" old", "age", rf"(?i:{_I_AM}) (?P<value>\d{{1,3}}) (?i:years? old|yrs? old)"),
    ("turned", "age", r"(?i:\bi(?: just)? turned) (?P<value>\d{1,3})\b(?! (?i:times|pages|degrees))"),
    ("birthday", "birthday", rf"(?i:\bmy birthday(?:['’]s| is)(?: on)?(?: the)? {_DAY})"),
    ("live", "home", rf"(?i:\bi(?: now| currently)? live(?: now)? in) {_PLACE}"),
    ("living in", "home", rf"(?i:{_I_AM} living in) {_PLACE}"),
    ("moved", "home", rf"(?i:\b(?:i|we)(?:['’]ve| have)?(?: just| recently)? moved (?:back )?to) {_PLACE}"),
    ("from", "origin", rf"(?i:(?:{_I_AM}|\bi come)(?: originally)? from) {_PLACE}"),
    ("work as", "job", rf"(?i:\bi(?: now| currently)? work as) (?i:an? ){_THING}"),
    ("job as", "job", rf"(?i:\bi (?:just )?got (?:a|the) (?:new )?job as) (?i:an? ){_THING}"),
    ("job is", "job", rf"(?i:\bmy (?:new )?job is) (?i:being )?(?i:an? ){_THING}"),
    (" by ", "job", rf"(?i:{_I_AM} an?) (?P<value>(?:\p{{L}}+ ){{0,2}}\p{{L}}+) (?i:by (?:trade|profession))"),
    ("pronouns", "pronouns", r"(?i:\bmy pronouns are (?P<value>\p{L}+(?: ?/ ?\p{L}+){1,2}))"),
    ("allergic", "allergy", rf"(?i:{_I_AM} (?:very |badly |severely |deathly )?allergic to) {_THING}"),
    ("allergic", "allergy", rf"(?i:{_I_AM} (?:\w+ )?allergic to {_WORD}(?: {_WORD})? and) {_THING}"),
    ("my ", "partner", rf"(?i:\bmy (?:{_PARTNER})(?:['’]s name)?(?: is(?: called| named)?)?) {_NAME}"),
    ("my ", "kin", rf"(?i:\bmy (?:\p{{L}}+ )?(?P<slot>{_KIN})(?:['’]s name)?(?: is(?: called| named)?)?) {_NAME}"),
    ("my ", "pet", rf"(?i:\bmy (?:\p{{L}}+ )?(?P<slot>{_PET})(?:['’]s name)?(?: is(?: called| named)?)?) {_NAME}"),
    (" a", "pet", rf"(?i:\bi (?:have|got|adopted) an? (?:\p{{L}}+ )?(?P<slot>{_PET}) (?:called|named)) {_NAME}"),
    (
        "favo",
        "favourite",
        rf"(?i:\bmy (?:all-time )?favou?rite (?P<slot>\p{{L}}+(?: \p{{L}}+)?) is) (?i:the |an? )?{_THING}",
    ),
    ("i ", "likes", rf"(?i:\bi{_REALLY} (?:love|like|enjoy|adore)) {_LIKED}"),
    ("i ", "dislikes", rf"(?i:\bi{_REALLY} (?:hate|dislike|can['’]?t stand|cannot stand)) {_LIKED}"),
    (
        "ing ",
        PLAN,
        rf"(?i:\b(?:i(?:['’]m| am)|we(?:['’]re| are))(?: all)?) (?P<value>(?i:{_PLANNED}) [^.!?;]{{3,70}})",
    ),
    (
        "that",
        "note",
        r"(?i:^(?:please )?(?:remember|don['’]t forget) that) (?P<value>(?i:i|my|we|our)\b[^.!?]{5,})",
    ),
)
_ENDED = (
    ("live in", "home", rf"(?i:\bi (?:no longer|don['’]t) live in) {_PLACE}"),
    ("work as", "job", rf"(?i:\bi (?:no longer|don['’]t) work as) (?i:an? ){_THING}"),
    ("i ", "likes", rf"(?i:\bi (?:no longer|don['’]t) (?:love|like|enjoy)) {_THING}"),
    ("allergic", "allergy", rf"(?i:{_I_AM} (?:no longer|not) allergic to) {_THING}"),
)
_NOT_MEANT = regex.compile(
    r"(?i:^\W*(?:if|imagine|suppose|pretend|say|maybe|perhaps|unless)\b|\b(?:i wish|as if|would|used to|never|not)\b)"
)
_PLAYED = regex.compile(
    r"\*[^*\n]+\*|^\s*>.*$|```.*?```|[\"“][^\"”\n]*[\"”]|\(\([^)]*\)\)"
    # what stands in a file or a picture, or was said by others, and not by who sent it
    r"|^\[attached\b[^\n]*|^\[(?:forwarded message|embed): .*",
    regex.MULTILINE | regex.DOTALL,
)
_SENTENCES = regex.compile(r"[^.!?\n]+[.!?]*")
_NO_NAMES = frozenset(
    "The This That It There Here Yes No What Why How When Where And But So Maybe Later Back Not".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A fact as it was said; `quote` is the words it was read from. `over`: it is said to hold no longer."""

    slot: str
    value: str
    quote: str
    subject: str = SELF
    over: bool = False

    @property
    def single(self) -> bool:
        return self.slot in SINGLE or self.slot.startswith(FAVOURITE)


compiled = cache(partial(regex.compile, flags=regex.VERSION1))


def claims_in(text: str) -> tuple[Claim, ...]:
    """What the speaker of a text states of themselves."""
    found: dict[tuple[str, str, bool], Claim] = {}
    for sentence in _SENTENCES.findall(_PLAYED.sub(" ", text)):
        said = " ".join(sentence.split())
        if said.endswith("?"):
            continue
        plain = said.casefold()
        for patterns, over in ((_ENDED, True), (_PATTERNS, False)):
            for sign, slot, pattern in patterns:
                for claim in _read(said, slot, compiled(pattern), over=over) if sign in plain else ():
                    found.setdefault((claim.slot, claim.value.casefold(), over), claim)
    return tuple(found.values())


def _read(said: str, slot: str, pattern: regex.Pattern[str], *, over: bool) -> Iterator[Claim]:
    for match in pattern.finditer(said):
        if not over and _NOT_MEANT.search(said[: match.end()]):
            continue
        value = match["value"].strip(" .,'’-").removesuffix("'s").removesuffix("’s")
        if not value or len(value) > LONGEST_VALUE or value.split()[0] in _NO_NAMES:
            continue
        named = match.groupdict().get("slot")
        if slot == "favourite":
            named = FAVOURITE + (named or "").casefold()
        yield Claim(slot=named.casefold() if named else slot, value=value, quote=match[0].strip(" .,"), over=over)
