"""What each macro stands for. Names are compared without case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cached_property
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING

import orjson

from tzurot.prompt.moments import apart, formatted, in_words, read_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from tzurot.prompt.macros import Macros, Remark

ANGLES = {"USER": "user", "BOT": "char", "CHAR": "char", "GROUP": "group", "CHARIFNOTGROUP": "charifnotgroup"}
WORDED = ("time_utc",)
MOST_REPEATED = 1000
MOST_DICE = 100
LONGEST_VARIABLE = 20_000
MANY = 10_000
ROLL = re.compile(r"(\d*)d(\d+)([+-]\d+)?", re.IGNORECASE)
FALSE = ("", "false", "off", "no", "0")


class Source:
    """A text that is evaluated."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def digest(self) -> str:
        return blake2b(self._text.encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a macro begins, in which text."""

    source: Source
    start: int


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a macro, and where it stands."""

    arguments: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Macro:
    """How a macro is evaluated, with how many arguments; None leaves it as it is written."""

    run: Callable[[Macros, Call], str | None]
    least: int = 0
    most: int = 0


def _fact(name: str) -> Macro:
    return Macro(lambda m, _: m.facts.values.get(name, ""))


def _field(name: str) -> Macro:
    return Macro(lambda m, _: m.field_text(name))


def _group(m: Macros, _: Call) -> str:
    return ", ".join(m.facts.group) or m.facts.char


def _present(m: Macros, _: Call) -> str:
    return ", ".join(name for name in m.facts.group if name not in m.facts.muted) or m.facts.char


def _others(m: Macros, _: Call) -> str:
    return ", ".join([*(name for name in m.facts.group if name != m.facts.char), m.facts.user])


def _original(m: Macros, _: Call) -> str | None:
    """What was replaced, the first time; nothing after that, and no macro at all where nothing was."""
    text = m.original
    if text is not None:
        m.original = ""
    return text


def _repeated(sign: str) -> Callable[[Macros, Call], str]:
    def run(_: Macros, call: Call) -> str:
        count = call.arguments[0].strip() if call.arguments else "1"
        return sign * (min(int(count), MOST_REPEATED) if count.isdecimal() else 1)

    return run


def _reverse(_: Macros, call: Call) -> str:
    return call.arguments[0][::-1]


# Time


def _clock(form: str) -> Macro:
    return Macro(lambda m, _: formatted(m.facts.now, form))


def _time(m: Macros, call: Call) -> str:
    if not call.arguments:
        return formatted(m.facts.now, "LT")
    offset = re.fullmatch(r"(?:UTC)?([+-]?\d{1,2})", call.arguments[0].strip(), re.IGNORECASE)
    hours = int(offset[1]) if offset else 0
    return formatted(m.facts.now.astimezone(timezone(timedelta(hours=max(-23, min(hours, 23))))), "LT")


def _time_between(m: Macros, call: Call) -> str:
    one, other = (read_time(text, m.facts.now) for text in call.arguments)
    return apart(one, other) if one and other else ""


def _idle(m: Macros, _: Call) -> str:
    """How long ago the person spoke, before the newest message."""
    said = next((remark.said_at for remark in reversed(m.facts.chat[:-1]) if remark.by_user), None)
    return in_words(m.facts.now - said) if said else "just now"


# Chance


def _choices(call: Call) -> list[str]:
    first, *more = call.arguments
    if more:
        return [first, *more]
    if "::" in first:
        return first.split("::")
    return [part.strip().replace("\\,", ",") for part in re.split(r"(?<!\\),", first)]


def _random(m: Macros, call: Call) -> str:
    return m.dice.choice(_choices(call))


def _pick(m: Macros, call: Call) -> str:
    where = f"{call.place.source.digest}@{call.place.start}" if call.place else ""
    return Random(f"{m.facts.seed}|{where}").choice(_choices(call))  # noqa: S311 - the same every time


def _roll(m: Macros, call: Call) -> str:
    form = call.arguments[0].strip()
    dice = ROLL.fullmatch(f"1d{form}" if form.isdecimal() else form)
    if dice is None or len(form) > 20 or not int(dice[2]):  # noqa: PLR2004
        return ""
    count = min(int(dice[1] or 1), MOST_DICE)
    return str(sum(m.dice.randint(1, int(dice[2])) for _ in range(count)) + int(dice[3] or 0))


# The conversation


def _last(m: Macros, by_user: bool | None = None) -> Remark | None:  # noqa: FBT001
    return next((r for r in reversed(m.facts.chat) if by_user is None or r.by_user is by_user), None)


def _last_text(by_user: bool | None = None) -> Macro:  # noqa: FBT001
    def run(m: Macros, _: Call) -> str:
        remark = _last(m, by_user)
        return remark.text if remark else ""

    return Macro(run)


def _last_id(m: Macros, _: Call) -> str:
    return str(len(m.facts.chat) - 1) if m.facts.chat else ""


def _swipes(m: Macros, _: Call) -> str:
    remark = _last(m)
    return str(remark.swipes) if remark else ""


def _swipe(m: Macros, _: Call) -> str:
    remark = _last(m)
    return str(remark.swipe + 1) if remark else ""


# Variables


def _shown(value: object) -> str:
    """A variable as text; what another program stored there may be anything that JSON holds."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value, default=str).decode()


def _number(text: str | float) -> float | None:
    try:
        number = float(text) if text != "" else 0
    except ValueError:
        return None
    if not -1e15 < number < 1e15:  # nor NaN  # noqa: PLR2004
        return None
    return int(number) if number == int(number) else number


def _added(value: str | float, more: str) -> str | float:
    """Numbers are summed, JSON lists grow, texts are joined."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return orjson.dumps([*orjson.loads(value), more]).decode()[:LONGEST_VARIABLE]
        except orjson.JSONDecodeError:
            pass
    one, other = _number(value), _number(more)
    if one is not None and other is not None and more.strip():
        return one + other
    return (_shown(value) + more)[:LONGEST_VARIABLE]


def _variables(prefix: str, store: Callable[[Macros], dict[str, str | int | float]]) -> dict[str, Macro]:
    def get(m: Macros, call: Call) -> str:
        return _shown(store(m).get(call.arguments[0].strip(), ""))

    def put(m: Macros, call: Call) -> str:
        if len(store(m)) < MANY:
            store(m)[call.arguments[0].strip()] = "::".join(call.arguments[1:])[:LONGEST_VARIABLE]
        return ""

    def add(m: Macros, call: Call) -> str:
        name = call.arguments[0].strip()
        if len(store(m)) < MANY:
            store(m)[name] = _added(store(m).get(name, ""), call.arguments[1])
        return ""

    def step(by: str) -> Callable[[Macros, Call], str]:
        def run(m: Macros, call: Call) -> str:
            add(m, Call((call.arguments[0], by)))
            return get(m, call)

        return run

    def has(m: Macros, call: Call) -> str:
        return "true" if call.arguments[0].strip() in store(m) else "false"

    def drop(m: Macros, call: Call) -> str:
        store(m).pop(call.arguments[0].strip(), None)
        return ""

    return {
        f"get{prefix}var": Macro(get, 1, 1),
        f"set{prefix}var": Macro(put, 2, MANY),
        f"add{prefix}var": Macro(add, 2, 2),
        f"inc{prefix}var": Macro(step("1"), 1, 1),
        f"dec{prefix}var": Macro(step("-1"), 1, 1),
        f"has{prefix}var": Macro(has, 1, 1),
        f"delete{prefix}var": Macro(drop, 1, 1),
    }


def _if(m: Macros, call: Call) -> str:
    """Empty for a condition that does not hold; a macro's bare name stands for what it says."""
    condition = call.arguments[0].strip() if call.arguments else ""
    negated = condition.startswith("!")
    condition = condition[1:].strip() if negated else condition
    named = TABLE.get(condition.lower())
    value = (named.run(m, Call()) if named is not None and named.least == 0 else condition) or ""
    return "" if (value.strip().lower() in FALSE) is not negated else "1"


def _outlet(m: Macros, call: Call) -> str:
    return m.facts.values.get(f"outlet::{call.arguments[0].strip()}", "")


NOTHING = Macro(lambda _m, _c: "", 0, MANY)
TABLE: dict[str, Macro] = {
    "user": Macro(lambda m, _: m.facts.user), "char": Macro(lambda m, _: m.facts.char),
    "bot": Macro(lambda m, _: m.facts.char),
    "group": Macro(_group), "charifnotgroup": Macro(_group), "groupnotmuted": Macro(_present),
    "notchar": Macro(_others),
    **{name: _field(name) for name in (
        "description", "personality", "scenario", "persona", "mesexamples", "mesexamplesraw", "charprompt",
        "charjailbreak", "chardepthprompt", "creatornotes", "charversion",
    )},
    "charinstruction": _field("charjailbreak"), "char_version": _field("charversion"),
    "original": Macro(_original),
    "newline": Macro(_repeated("\n"), 0, 1), "space": Macro(_repeated(" "), 0, 1),
    "noop": Macro(lambda _m, _c: ""), "trim": Macro(lambda _m, _c: ""), "//": NOTHING, "comment": NOTHING,
    "hidden_key": NOTHING, "banned": NOTHING,
    "if": Macro(_if, 0, 1), "else": Macro(lambda _m, _c: ""),
    "reverse": Macro(_reverse, 1, 1),
    "time": Macro(_time, 0, 1), "date": _clock("LL"), "weekday": _clock("dddd"), "isotime": _clock("HH:mm"),
    "isodate": _clock("YYYY-MM-DD"), "time_utc": Macro(_time, 1, 1),
    "datetimeformat": Macro(lambda m, c: formatted(m.facts.now, c.arguments[0]), 1, 1),
    "timediff": Macro(_time_between, 2, 2), "idle_duration": Macro(_idle), "idleduration": Macro(_idle),
    "random": Macro(_random, 1, MANY), "pick": Macro(_pick, 1, MANY), "roll": Macro(_roll, 1, 1),
    "lastmessage": _last_text(), "lastusermessage": _last_text(by_user=True),
    "lastcharmessage": _last_text(by_user=False),
    "lastmessageid": Macro(_last_id), "lastswipeid": Macro(_swipes), "currentswipeid": Macro(_swipe),
    **{name: _fact(name) for name in (
        "input", "maxprompt", "model", "lastgenerationtype", "ismobile", "firstincludedmessageid", "systemprompt",
        "defaultsystemprompt", "exampleseparator", "chatseparator", "chatstart", "instructinput", "instructoutput",
        "instructsystem", "instructstop", "instructseparator", "instructinputsuffix", "instructoutputsuffix",
        "instructsystemsuffix", "instructuserfiller", "instructsysteminstructionprefix", "instructfirstoutputprefix",
        "instructlastoutputprefix", "instructstoryprefix", "instructstorysuffix",
    )},
    "outlet": Macro(_outlet, 1, 1),
    **_variables("", lambda m: m.variables), **_variables("global", lambda m: m.global_variables),
}  # fmt: skip
