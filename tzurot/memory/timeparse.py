"""Which time a text means: time words to a range, by the calendar of the person's zone.

Plain rules and no guessing: where a word is more often something else ("may", "April" as a name, "fall") it counts only
beside a preposition, a day or a year. Months, dates, weekdays and birthdays mean the latest one that has begun.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

MONTHS: Sequence[str] = "january february march april may june july august september october november december".split()
WEEKDAYS: Sequence[str] = "monday tuesday wednesday thursday friday saturday sunday".split()
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # first month, northern half
PARTS = {"morning": (4, 12), "afternoon": (12, 18), "evening": (17, 24), "night": (18, 30)}  # hours of the day
HOLIDAYS = {"christmas": (12, 24, 3), "new year": (12, 31, 2), "halloween": (10, 31, 1), "valentine": (2, 14, 1)}
NUMBERS = {
    **{word: n for n, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)},
    **dict.fromkeys(("a", "an"), 1),
    **dict.fromkeys(("a couple of", "couple of"), 2),
    **dict.fromkeys(("a few", "few", "several"), 3),
}
LEAP_DAY = (2, 29)
SHORT = re.compile(
    r"(?<=\d )(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
    r"|\b(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?(?= \d)"
)

_COUNT = rf"(?P<n>\d{{1,3}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
_UNIT = r"(?P<unit>minute|hour|day|week|fortnight|month|year)s?"
_MONTH = rf"(?P<month>{'|'.join(MONTHS)})"
_CLEAR = "|".join(name for name in MONTHS if name not in ("march", "april", "may", "june", "august"))
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20|21)\d\d)"
_WHICH = r"(?P<which>last|this|past|next|coming)"
_PART = rf"(?: (?P<part>{'|'.join(PARTS)}))?"
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of time, its end exclusive; both ends know their zone."""

    start: datetime
    end: datetime

    def meets(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a text is read: the local time, and the reader's birthday (month, day) where it is known."""

    now: datetime  # local, without zone, as every range is until it leaves this module
    birthday: tuple[int, int] | None


Local = tuple[datetime, datetime]
Rule = Callable[[Asked, re.Match[str]], Local | None]


def parse(text: str, now: datetime, zone: tzinfo, birthday: tuple[int, int] | None = None) -> Span | None:
    """The first kind of time that the text names; None for a text that names none."""
    plain = " ".join(text.replace("’", "'").casefold().split())
    words = set(WORDS.findall(plain))
    kinds = {kind for kind, signs in SIGNS.items() if not signs.isdisjoint(words)}
    if not kinds:
        return None
    if "month" in kinds:
        plain = SHORT.sub(lambda short: next(name for name in MONTHS if name.startswith(short[0][:3])), plain)
    asked = Asked(now.astimezone(zone).replace(tzinfo=None), birthday)
    for kind, pattern, rule in RULES:
        for match in pattern.finditer(plain) if kind in kinds else ():
            try:
                found = rule(asked, match)
            except (ValueError, OverflowError):  # the 31st of February, 999 years ago
                continue
            if found is not None:
                return Span(start=found[0].replace(tzinfo=zone), end=found[1].replace(tzinfo=zone))
    return None


def _days(first: date, count: int = 1) -> Local:
    start = datetime.combine(first, time())
    return start, start + timedelta(days=count)


def _months(year: int, month: int, count: int = 1) -> Local:
    years, following = divmod(month - 1 + count, 12)
    return datetime(year, month, 1), datetime(year + years, following + 1, 1)  # noqa: DTZ001 - local


def _part(of: Local, part: str | None) -> Local:
    if part is None:
        return of
    begins, ends = PARTS[part]
    return of[0] + timedelta(hours=begins), of[0] + timedelta(hours=ends)


def _latest(asked: Asked, of_year: Callable[[int], Local]) -> Local:
    """The latest of what comes once a year that has begun."""
    this = of_year(asked.now.year)
    return this if this[0] <= asked.now else of_year(asked.now.year - 1)


def _chosen(asked: Asked, which: str | None, of_year: Callable[[int], Local]) -> Local:
    """Of what comes once a year: the last that is over, the next that has not begun, or the latest that has."""
    if which in ("last", "past"):
        return max(of for of in map(of_year, range(asked.now.year - 2, asked.now.year + 1)) if of[1] <= asked.now)
    if which in ("next", "coming"):
        return min(of for of in map(of_year, (asked.now.year, asked.now.year + 1)) if of[0] > asked.now)
    return of_year(asked.now.year) if which == "this" else _latest(asked, of_year)


def _day(asked: Asked, match: re.Match[str]) -> Local:
    word, today = match["word"], asked.now.date()
    steps = {"yesterday": -1, "today": 0, "tomorrow": 1, "the day before yesterday": -2, "the day after tomorrow": 2}
    return _part(_days(today + timedelta(days=steps[word])), match["part"])


def _tonight(asked: Asked, match: re.Match[str]) -> Local:
    back = 1 if match[0] == "last night" else 0
    part = {"tonight": "night", "last night": "night"}.get(match[0]) or match[0].removeprefix("this ")
    return _part(_days(asked.now.date() - timedelta(days=back)), part)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word]


def _month_shift(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = (datetime(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day  # noqa: DTZ001, PLR2004
    return date(year, month + 1, min(day.day, last))


def _away(asked: Asked, match: re.Match[str]) -> Local:
    """So many units ago, or from now: a local day, and wider the less exactly people mean it."""
    forward = match["dir"] not in ("ago", "back", "earlier")
    count = _number(match["n"]) * (1 if forward else -1)
    unit, today = match["unit"], asked.now.date()
    if unit in ("minute", "hour"):
        size = timedelta(**{f"{unit}s": 1})
        at, slack = asked.now + count * size, max(abs(count) * size / 2, timedelta(minutes=5))
        return at - slack, at + slack
    if unit == "day":
        return _days(today + timedelta(days=count))
    if unit in ("week", "fortnight"):
        at = today + timedelta(days=count * (7 if unit == "week" else 14))
        return _days(at - timedelta(days=3), 7)
    at = _month_shift(today, count * (12 if unit == "year" else 1))
    slack = 45 if unit == "year" else 15 if abs(count) > 1 else 10
    return _days(at - timedelta(days=slack), 2 * slack + 1)


def _past(asked: Asked, match: re.Match[str]) -> Local:
    """The last so many units, until now."""
    count, unit = _number(match["n"]), match["unit"]
    if unit in ("minute", "hour"):
        return asked.now - count * timedelta(**{f"{unit}s": 1}), asked.now
    if unit in ("month", "year"):
        start = _month_shift(asked.now.date(), -count * (12 if unit == "year" else 1))
    else:
        start = asked.now.date() - timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])
    return datetime.combine(start, time()), asked.now


def _step(which: str) -> int:
    return {"last": -1, "past": -1, "this": 0}.get(which, 1)


def _calendar(asked: Asked, match: re.Match[str]) -> Local:
    """Last, this or next week, weekend, month or year; a week begins on Monday."""
    step, unit, today = _step(match["which"]), match["calendar"], asked.now.date()
    monday = today - timedelta(days=today.weekday())
    if unit == "week":
        return _days(monday + timedelta(weeks=step), 7)
    if unit == "weekend":
        return _days(monday + timedelta(weeks=step, days=5), 2)
    if unit == "month":
        first = _month_shift(today.replace(day=1), step)
        return _months(first.year, first.month)
    return _months(today.year + step, 1, 12)


def _weekday(asked: Asked, match: re.Match[str]) -> Local:
    today = asked.now.date()
    behind = (today.weekday() - WEEKDAYS.index(match["weekday"])) % 7
    ahead = match["which"] in ("next", "coming")
    if match["which"] in ("last", "past") and behind == 0:
        behind = 7
    day = today + timedelta(days=7 - behind) if ahead else today - timedelta(days=behind)
    return _part(_days(day), match["part"])


def _date(asked: Asked, match: re.Match[str]) -> Local:
    month, day = MONTHS.index(match["month"]) + 1, int(match["day"])
    if match["year"]:
        return _days(date(int(match["year"]), month, day))
    return _yearly(asked, month, day)


def _yearly(asked: Asked, month: int, day: int, count: int = 1) -> Local:
    """The latest of a day of the year; the 29th of February is the 28th in other years."""

    def of_year(year: int) -> Local:
        exact = day - 1 if (month, day) == LEAP_DAY and not isleap(year) else day
        return _days(date(year, month, exact), count)

    return _latest(asked, of_year)


def _numeric(_: Asked, match: re.Match[str]) -> Local:
    return _days(date(int(match["year"]), int(match["m"]), int(match["day"])))


def _month(asked: Asked, match: re.Match[str]) -> Local:
    month = MONTHS.index(match["month"]) + 1
    if match["year"]:
        return _months(int(match["year"]), month)
    which = match.groupdict().get("which")
    return _chosen(asked, which, lambda year: _months(year, month))


def _between(asked: Asked, match: re.Match[str]) -> Local:
    first, last = MONTHS.index(match["month"]) + 1, MONTHS.index(match["until"]) + 1
    count = (last - first) % 12 + 1
    if match["year"]:
        return _months(int(match["year"]), first, count)
    return _latest(asked, lambda year: _months(year, first, count))


def _season(asked: Asked, match: re.Match[str]) -> Local:
    first = SEASONS[match["season"]]
    if match["year"]:
        return _months(int(match["year"]), first, 3)
    return _chosen(asked, match["which"], lambda year: _months(year, first, 3))


def _holiday(asked: Asked, match: re.Match[str]) -> Local:
    month, day, count = HOLIDAYS[match["holiday"]]
    if match["year"]:
        return _days(date(int(match["year"]), month, day), count)
    return _chosen(asked, match["which"], lambda year: _days(date(year, month, day), count))


def _birthday(asked: Asked, match: re.Match[str]) -> Local | None:
    if asked.birthday is None:
        return None
    month, day = asked.birthday
    if match["year"]:
        return _yearly(Asked(datetime(int(match["year"]), 12, 31, 23), None), month, day)  # noqa: DTZ001 - local
    return _yearly(asked, month, day)


def _day_only(asked: Asked, match: re.Match[str]) -> Local:
    """The 5th, of this month or the one before."""
    day, today = int(match["day"]), asked.now.date()
    return _days(today.replace(day=day) if day <= today.day else _month_shift(today, -1).replace(day=day))


def _year(_: Asked, match: re.Match[str]) -> Local:
    return _months(int(match["year"]), 1, 12)


def _since(rule: Callable[[Asked, re.Match[str]], Local]) -> Rule:
    """From the beginning of what the rule finds until now."""

    def until_now(asked: Asked, match: re.Match[str]) -> Local | None:
        start, _ = rule(asked, match)
        return (start, asked.now) if start < asked.now else None

    return until_now


# one of these words stands in every text that a rule of that kind is for; most texts have none, and looking is cheap
WORDS = re.compile(r"[a-z]+|(?:19|20|21)(?=\d\d)")
SIGNS: Mapping[str, frozenset[str]] = {
    "today": frozenset({"yesterday", "today", "tomorrow"}),
    "tonight": frozenset({"last", "tonight", "this"}),
    "ago": frozenset({"ago", "back", "earlier", "from"}),
    "in": frozenset({"in"}),
    "last": frozenset({"last", "past", "previous"}),
    "month": frozenset({*MONTHS, *(f"mid{name}" for name in MONTHS), *(name[:3] for name in MONTHS), "sept"}),
    "year": frozenset({"19", "20", "21"}),
    "birthday": frozenset({"birthday"}),
    "holiday": frozenset(word for name in HOLIDAYS for word in (name.split()[0], f"{name}s")),
    "since": frozenset({"since"}),
    "weekday": frozenset(WEEKDAYS),
    "calendar": frozenset({"weekend", "week", "month", "year"}),
    "season": frozenset(SEASONS),
    "on the": frozenset({"on"}),
}


def _rule(kind: str, pattern: str, rule: Rule) -> tuple[str, re.Pattern[str], Rule]:
    return kind, re.compile(rf"(?<![\w'])(?:{pattern})(?![\w])"), rule


_OFTEN = r"(?<!every )(?<!each )"
_IN_YEAR = rf"(?:,? (?:of |in )?{_YEAR})?"
_BEFORE = r"(?:in|during|until|till|around|early|late|mid|end of|beginning of)"
RULES = (
    _rule(
        "today",
        rf"(?P<word>the day before yesterday|the day after tomorrow|yesterday|today|tomorrow){_PART}",
        _day,
    ),
    _rule("tonight", r"last night|tonight|this (?:morning|afternoon|evening)", _tonight),
    _rule("ago", rf"{_COUNT} {_UNIT} (?P<dir>ago|back|earlier|from now)", _away),
    _rule("in", rf"(?P<dir>in) {_COUNT} {_UNIT}(?! (?:i|we|he|she|they))", _away),
    _rule("last", rf"(?:last|past|previous) {_COUNT} {_UNIT}", _past),
    _rule(
        "month", rf"(?:between|from) {_MONTH} (?:and|to|until|till) (?P<until>{'|'.join(MONTHS)}){_IN_YEAR}", _between
    ),
    _rule("month", rf"{_DAY} (?:of )?{_MONTH}{_IN_YEAR}", _date),
    _rule("month", rf"{_MONTH} (?:the )?{_DAY}(?!\d){_IN_YEAR}", _date),
    _rule("year", r"(?P<year>(?:19|20|21)\d\d)-(?P<m>\d\d)-(?P<day>\d\d)", _numeric),
    _rule("birthday", rf"my (?:last )?birthday{_IN_YEAR}", _birthday),
    _rule("holiday", rf"(?:{_WHICH} )?(?P<holiday>{'|'.join(HOLIDAYS)})(?:'?s)?(?: (?:eve|day))?{_IN_YEAR}", _holiday),
    _rule("since", rf"since (?:last )?(?P<which>)?{_WEEKDAY}{_PART}", _since(_weekday)),
    _rule("weekday", rf"{_OFTEN}(?:{_WHICH} )?{_WEEKDAY}{_PART}", _weekday),
    _rule("calendar", rf"{_WHICH} (?P<calendar>weekend|week|month|year)", _calendar),
    _rule("month", rf"{_MONTH},? (?:of )?{_YEAR}", _month),
    _rule("since", rf"since {_MONTH}{_IN_YEAR}", _since(_month)),
    _rule("month", rf"{_WHICH} {_MONTH}(?P<year>)", _month),
    _rule("month", rf"{_BEFORE} (?:early |late |mid-?)?{_MONTH}(?P<year>)", _month),
    _rule("month", rf"(?P<month>{_CLEAR})(?P<year>)", _month),
    _rule(
        "season", rf"(?:{_WHICH}|in(?: the)?|during(?: the)?|the) (?P<season>{'|'.join(SEASONS)}){_IN_YEAR}", _season
    ),
    _rule("year", rf"since {_YEAR}", _since(_year)),
    _rule("year", rf"(?:in|during|of|from|throughout|end of|early|late|year) {_YEAR}", _year),
    _rule("on the", r"on the (?P<day>\d{1,2})(?:st|nd|rd|th)", _day_only),
)
