"""Entries that stay (sticky), rest (cooldown) or wait (delay), counted in messages. State comes in and goes out.

Nothing here depends on time: a conversation that got shorter (a swipe, a deletion) takes back what it had started.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tzurot.cards.payload import listing, mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tzurot.lore.book import Entry

MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Holds while the conversation is shorter than `end` messages; a protected one survives one that is cut short."""

    fingerprint: str
    start: int
    end: int
    protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """What runs in one conversation, by `book.uid`; `matched` are entries that a decorator latches at a match."""

    sticky: Mapping[str, Effect] = field(default_factory=dict[str, Effect])
    cooldown: Mapping[str, Effect] = field(default_factory=dict[str, Effect])
    matched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The timers of one scan: which entries stay, rest and wait in it, and the state it began with."""

    timers: Timers
    sticky: frozenset[str]
    cooldown: frozenset[str]
    length: int

    def waits(self, entry: Entry) -> bool:
        return entry.delay > 0 and self.length < entry.delay


def begin(timers: Timers, entries: Mapping[str, Entry], length: int) -> Running:
    """What runs now that the conversation has `length` messages; `entries` are all candidates by key.

    An entry whose stay ends and that has a cooldown rests from here on.
    """
    cooldown = dict(timers.cooldown)
    sticky: dict[str, Effect] = {}
    resting: set[str] = set()
    for key, effect in timers.sticky.items():
        entry = entries.get(key)
        if _was_taken_back(effect, length):
            continue
        if entry is None or entry.fingerprint != effect.fingerprint:
            if length < effect.end:
                sticky[key] = effect  # of a book that is not in use now
        elif entry.sticky and length < effect.end:
            sticky[key] = effect
        elif entry.sticky and entry.cooldown:
            end = length + entry.cooldown
            cooldown[key] = Effect(fingerprint=entry.fingerprint, start=length, end=end, protected=True)
            resting.add(key)
    for key, effect in list(cooldown.items()):
        entry = entries.get(key)
        known = entry is not None and entry.fingerprint == effect.fingerprint
        if (
            _was_taken_back(effect, length)
            or length >= effect.end
            or (known and entry is not None and not entry.cooldown)
        ):
            del cooldown[key]
        elif known:
            resting.add(key)
    staying = {key for key in sticky if key in entries and entries[key].fingerprint == sticky[key].fingerprint}
    return Running(
        timers=Timers(sticky=sticky, cooldown=cooldown, matched=timers.matched),
        sticky=frozenset(staying),
        cooldown=frozenset(resting),
        length=length,
    )


def _was_taken_back(effect: Effect, length: int) -> bool:
    return length <= effect.start and not effect.protected


def ended(running: Running, activated: Iterable[tuple[str, Entry]]) -> Timers:
    """The state after a scan: what was activated begins to stay and to rest, unless it does already."""
    sticky, cooldown = dict(running.timers.sticky), dict(running.timers.cooldown)
    matched = set(running.timers.matched)
    for key, entry in activated:
        for effects, count in ((sticky, entry.sticky), (cooldown, entry.cooldown)):
            if count and key not in effects and len(effects) < MOST_KEPT:
                end = running.length + count
                effects[key] = Effect(fingerprint=entry.fingerprint, start=running.length, end=end)
        latching = entry.decorators.keep_activate_after_match or entry.decorators.dont_activate_after_match
        if latching and len(matched) < MOST_KEPT:
            matched.add(key)
    return Timers(sticky=sticky, cooldown=cooldown, matched=frozenset(matched))


def to_json(timers: Timers) -> dict[str, Any]:
    """The state as it may be stored."""
    return {
        **{
            kind: {key: [e.fingerprint, e.start, e.end, e.protected] for key, e in effects.items()}
            for kind, effects in (("sticky", timers.sticky), ("cooldown", timers.cooldown))
        },
        "matched": sorted(timers.matched),
    }


def from_json(stored: Mapping[str, Any]) -> Timers:
    """The state as it was stored; what is damaged is left out."""
    kinds = {
        kind: {key: effect for key, row in mapping(stored.get(kind)).items() if (effect := _effect(row))}
        for kind in ("sticky", "cooldown")
    }
    return Timers(**kinds, matched=frozenset(key for key in listing(stored.get("matched")) if isinstance(key, str)))


def _effect(row: object) -> Effect | None:
    match row:
        case [str(fingerprint), int(start), int(end), bool(protected)]:
            return Effect(fingerprint=fingerprint, start=start, end=end, protected=protected)
        case _:
            return None
