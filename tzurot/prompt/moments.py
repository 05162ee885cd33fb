"""Times as cards write them: the tokens of moment.js, and durations in words. English names, whatever the machine's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LOCALISED = {
    "LTS": "h:mm:ss A", "LT": "h:mm A", "LLLL": "dddd, MMMM D, YYYY h:mm A", "LLL": "MMMM D, YYYY h:mm A",
    "LL": "MMMM D, YYYY", "L": "MM/DD/YYYY", "llll": "ddd, MMM D, YYYY h:mm A", "lll": "MMM D, YYYY h:mm A",
    "ll": "MMM D, YYYY", "l": "M/D/YYYY",
}  # fmt: skip
TOKEN = re.compile(
    r"\[([^\[\]]*)\]|\\.|LTS|LT|L{1,4}|l{1,4}|YYYY|YY|Mo|M{1,4}|Do|DDDD|DDD|DD?|dddd|ddd|dd|do|d|E|WW?|Q|HH?|hh?|kk?"
    r"|mm?|ss?|S{1,9}|A|a|ZZ?|X|x"
)
DAYS_PER_MONTH = 146097 / 4800  # as moment.js counts


def day_of(then: datetime) -> str:
    """`03 March 2025`; strftime would say it in the machine's language, and takes ten times as long."""
    return f"{then.day:02} {MONTHS[then.month - 1]} {then.year}"


def weekday_of(then: datetime) -> str:
    """`Monday, 03 March`."""
    return f"{DAYS[then.weekday()]}, {then.day:02} {MONTHS[then.month - 1]}"


def formatted(then: datetime, form: str) -> str:
    """`then` in a format of moment.js; what is no token stays, and so does what stands in square brackets."""
    whole = re.sub(r"\[[^\[\]]*\]|LTS|LT|L{1,4}|l{1,4}", lambda m: LOCALISED.get(m[0], m[0]), form)
    return TOKEN.sub(lambda match: _token(then, match), whole)


def _token(then: datetime, match: re.Match[str]) -> str:
    token = match[0]
    if token[0] == "[":
        return match[1]
    if token[0] == "\\":
        return token[1:]
    if token[0] == "S":
        return f"{then.microsecond:06}000"[: len(token)]
    return TOKENS[token](then)


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _offset(then: datetime, between: str) -> str:
    minutes = int((then.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{between}{abs(minutes) % 60:02}"


TOKENS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda t: f"{t.year:04}", "YY": lambda t: f"{t.year % 100:02}",
    "M": lambda t: str(t.month), "Mo": lambda t: _ordinal(t.month), "MM": lambda t: f"{t.month:02}",
    "MMM": lambda t: MONTHS[t.month - 1][:3], "MMMM": lambda t: MONTHS[t.month - 1],
    "D": lambda t: str(t.day), "Do": lambda t: _ordinal(t.day), "DD": lambda t: f"{t.day:02}",
    "DDD": lambda t: str(t.timetuple().tm_yday), "DDDD": lambda t: f"{t.timetuple().tm_yday:03}",
    "d": lambda t: str(t.isoweekday() % 7), "do": lambda t: _ordinal(t.isoweekday() % 7),
    "dd": lambda t: DAYS[t.weekday()][:2], "ddd": lambda t: DAYS[t.weekday()][:3], "dddd": lambda t: DAYS[t.weekday()],
    "E": lambda t: str(t.isoweekday()), "W": lambda t: str(t.isocalendar().week),
    "WW": lambda t: f"{t.isocalendar().week:02}", "Q": lambda t: str((t.month + 2) // 3),
    "H": lambda t: str(t.hour), "HH": lambda t: f"{t.hour:02}",
    "h": lambda t: str(t.hour % 12 or 12), "hh": lambda t: f"{t.hour % 12 or 12:02}",
    "k": lambda t: str(t.hour or 24), "kk": lambda t: f"{t.hour or 24:02}",
    "m": lambda t: str(t.minute), "mm": lambda t: f"{t.minute:02}",
    "s": lambda t: str(t.second), "ss": lambda t: f"{t.second:02}",
    "A": lambda t: "AM" if t.hour < 12 else "PM", "a": lambda t: "am" if t.hour < 12 else "pm",  # noqa: PLR2004
    "Z": lambda t: _offset(t, ":"), "ZZ": lambda t: _offset(t, ""),
    "X": lambda t: str(int(t.timestamp())), "x": lambda t: str(int(t.timestamp() * 1000)),
}  # fmt: skip


def in_words(length: timedelta) -> str:
    """A duration, rounded as people say it: `2 days`, `an hour`, `a few seconds`."""
    seconds = abs(length).total_seconds()
    minutes, hours, days = (int(seconds / size + 0.5) for size in (60, 3600, 86400))
    exact_months = seconds / 86400 / DAYS_PER_MONTH
    months, years = int(exact_months + 0.5), int(exact_months / 12 + 0.5)
    if seconds < 44.5:  # noqa: PLR2004
        return "a few seconds"
    for count, most, one, unit in (
        (minutes, 45, "a minute", "minutes"),
        (hours, 22, "an hour", "hours"),
        (days, 26, "a day", "days"),
        (months, 11, "a month", "months"),
    ):
        if count <= 1:
            return one
        if count < most:
            return f"{count} {unit}"
    return "a year" if years <= 1 else f"{years} years"


def apart(one: datetime, other: datetime) -> str:
    """How far `one` lies after or before `other`: `in 2 days`, `2 days ago`."""
    words = in_words(one - other)
    return f"in {words}" if one > other else f"{words} ago"


def read_time(text: str, now: datetime) -> datetime | None:
    """An ISO date or time, or seconds or milliseconds since 1970; without a zone it is in that of `now`."""
    stripped = text.strip()
    try:
        if re.fullmatch(r"\d{10}|\d{13}", stripped):
            return datetime.fromtimestamp(int(stripped) / (1000 if len(stripped) > 10 else 1), now.tzinfo)  # noqa: PLR2004
        then = datetime.fromisoformat(stripped)
    except (ValueError, OverflowError):
        return None
    return then if then.tzinfo else then.replace(tzinfo=now.tzinfo)
