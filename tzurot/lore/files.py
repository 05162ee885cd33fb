"""Reads and writes lorebooks: those of cards (V2, V3), world files, `lorebook_v3`, and what other programs export.

Reading is lenient, and an entry keeps the object it was read from: writing starts with that, so nothing unknown is
lost.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tzurot.cards.decorated import divided
from tzurot.cards.payload import dump, listing, mapping, parse
from tzurot.errors import Invalid
from tzurot.lore import decorators
from tzurot.lore.book import (
    ALWAYS,
    DEFAULT_DEPTH,
    DEFAULT_ORDER,
    DEFAULT_WEIGHT,
    Book,
    Entry,
    Filter,
    Logic,
    Role,
    Slot,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_ENTRIES = 10_000
MAX_KEYS = 500
LONGEST_KEY = 4_000
LONGEST_CONTENT = 200_000
LARGEST = 1e9
ROLES: tuple[Role, ...] = ("system", "user", "assistant")
MATCHES = {
    "persona": "PersonaDescription", "description": "CharacterDescription", "personality": "CharacterPersonality",
    "depth_prompt": "CharacterDepthPrompt", "scenario": "Scenario", "creator_notes": "CreatorNotes",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReading:
    """A book, the kind of file it was, and sentences about what of it could not be used."""

    book: Book
    kind: str
    warnings: tuple[str, ...] = ()


def read_lorebook(content: bytes, name: str = "") -> BookReading:
    """Read a lorebook from a JSON file; `name` is what it is called where the file does not say.

    Raises:
        Invalid: too large, not JSON, or not a lorebook.

    """
    return from_object(parse(content, what="lorebook"), name)


def from_object(raw: Mapping[str, Any], name: str = "") -> BookReading:
    """The lorebook in a parsed object.

    Raises:
        Invalid: there are no entries in it.

    """
    inner = mapping(raw.get("data")) if raw.get("spec") == "lorebook_v3" else raw
    entries: object = inner.get("data" if raw.get("type") == "risu" else "entries")
    by_uid = mapping(entries)
    listed: list[Any] = listing(entries) or list(by_uid.values())
    if not listed and entries not in ([], {}):
        raise Invalid(
            "lorebook.no_entries", "That file is not a lorebook: it has no entries.", "Export it as a world file."
        )
    objects = [mapping(entry) for entry in listed if mapping(entry)][:MAX_ENTRIES]
    kind = (
        "lorebook_v3"
        if inner is not raw
        else "risu"
        if raw.get("type") == "risu"
        else _kind(objects, by_uid=bool(by_uid))
    )
    uids = list(by_uid)
    read = [_entry(each, kind, uids[n] if n < len(uids) else str(n)) for n, each in enumerate(objects)]
    warnings = [f"{len(listed) - len(objects)} entries could not be used"] if len(objects) < len(listed) else []
    book = Book(
        name=_text(inner.get("name")) or _text(raw.get("name")) or name,
        description=_text(inner.get("description")),
        scan_depth=_optional(_count, inner.get("scan_depth", inner.get("scanDepth"))),
        token_budget=_optional(_count, inner.get("token_budget", inner.get("tokenBudget"))) or None,
        recursive=_maybe(inner.get("recursive_scanning", inner.get("recursiveScanning"))),
        entries=tuple(_numbered(read)),
        raw=raw,
    )
    return BookReading(book=book, kind=kind, warnings=tuple(warnings))


def _kind(objects: list[dict[str, Any]], *, by_uid: bool) -> str:
    first = objects[0] if objects else {}
    if by_uid or "key" in first:
        return "world"
    if "keywords" in first:
        return "agnai"
    return "novelai" if "text" in first and "content" not in first else "card"


def _numbered(entries: list[Entry]) -> list[Entry]:
    """The entries, each with a uid of its own."""
    seen: set[str] = set()
    unique: list[Entry] = []
    for entry in entries:
        uid, more = entry.uid, 1
        while uid in seen:
            more += 1
            uid = f"{entry.uid}-{more}"
        seen.add(uid)
        unique.append(entry if uid == entry.uid else replace(entry, uid=uid))
    return unique


# Values, as lenient as JavaScript


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, default: float) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        return default
    return value


def _count(value: object, default: int = 0) -> int:
    return max(0, int(_number(value, default)))


def _optional(read: Callable[[object], int], value: object) -> int | None:
    return None if value is None or value == "" else read(value)


def _flag(value: object) -> bool:
    return value is True or value in (1, "true")


def _maybe(value: object) -> bool | None:
    return None if value is None else _flag(value)


def _keys(value: object) -> tuple[str, ...]:
    keys: list[Any] = [key.strip() for key in value.split(",")] if isinstance(value, str) else listing(value)
    return tuple(key[:LONGEST_KEY] for key in keys[:MAX_KEYS] if isinstance(key, str) and key)


def _level(value: object) -> int:
    return 1 if value is True else min(_count(value), 1000)


def _role(value: object) -> Role:
    if isinstance(value, str) and value in ROLES:
        return next(role for role in ROLES if role == value)
    number = _count(value)
    return ROLES[number] if number < len(ROLES) else "system"


# What a world file calls it, and what an entry of a card calls it among its extensions
FIELDS: dict[str, tuple[str, str, Callable[[object], Any]]] = {
    "probability": ("probability", "probability", lambda v: _number(v, ALWAYS)),
    "group": ("group", "group", _text),
    "group_override": ("groupOverride", "group_override", _flag),
    "group_weight": ("groupWeight", "group_weight", lambda v: _number(v, DEFAULT_WEIGHT)),
    "use_group_scoring": ("useGroupScoring", "use_group_scoring", _maybe),
    "exclude_recursion": ("excludeRecursion", "exclude_recursion", _flag),
    "prevent_recursion": ("preventRecursion", "prevent_recursion", _flag),
    "delay_until_recursion": ("delayUntilRecursion", "delay_until_recursion", _level),
    "scan_depth": ("scanDepth", "scan_depth", lambda v: _optional(_count, v)),
    "whole_words": ("matchWholeWords", "match_whole_words", _maybe),
    "case_sensitive": ("caseSensitive", "case_sensitive", _maybe),
    "sticky": ("sticky", "sticky", _count),
    "cooldown": ("cooldown", "cooldown", _count),
    "delay": ("delay", "delay", _count),
    "automation_id": ("automationId", "automation_id", _text),
    "vectorized": ("vectorized", "vectorized", _flag),
    "ignore_budget": ("ignoreBudget", "ignore_budget", _flag),
    "outlet": ("outletName", "outlet_name", _text),
    "triggers": ("triggers", "triggers", _keys),
    "depth": ("depth", "depth", lambda v: _count(v, DEFAULT_DEPTH)),
    "role": ("role", "role", _role),
}


def _entry(raw: dict[str, Any], kind: str, uid: str) -> Entry:
    """One entry of any kind; what a kind does not have is what world files default to."""
    if kind in OTHERS:
        raw = OTHERS[kind](raw)
    more = mapping(raw.get("extensions"))
    world = "key" in raw or kind == "world"

    first, second = (raw, more) if world else (more, raw)

    def at(one: str, other: str) -> object:
        """What the entry says under either name, in its extensions or beside them."""
        for where in (first, second):
            value = where.get(one)
            if value is None:
                value = where.get(other)
            if value is not None:
                return value
        return None

    values: dict[str, Any] = {}
    for field, (in_world, in_card, read) in FIELDS.items():
        value = at(in_world, in_card)
        if value is not None:
            values[field] = read(value)
    lines, content = divided(_text(raw.get("content"))[:LONGEST_CONTENT])
    slot = at("position", "position")
    if not isinstance(slot, int) or isinstance(slot, bool) or not 0 <= slot <= Slot.OUTLET:
        slot = Slot.BEFORE if world or raw.get("position") == "before_char" else Slot.AFTER
    logic = _count(at("selectiveLogic", "selective_logic"))
    chosen = mapping(at("characterFilter", "character_filter"))
    known = next((raw[key] for key in ("uid", "id") if raw.get(key) is not None), more.get("display_index"))
    return Entry(
        uid=str(known)[:100] if isinstance(known, int | str) and str(known) else uid,
        keys=_keys(raw.get("key" if world else "keys")),
        secondary_keys=_keys(raw.get("keysecondary" if world else "secondary_keys")),
        content=content,
        comment=_text(raw.get("comment")) or _text(raw.get("name")),
        decorators=decorators.read(lines),
        enabled=not _flag(raw.get("disable")) and raw.get("enabled") is not False,
        constant=_flag(raw.get("constant")),
        selective=_flag(raw.get("selective", world)),
        logic=Logic(logic if logic <= Logic.AND_ALL else 0),
        # SillyTavern writes `use_regex: true` into every entry, though its keys are patterns only within slashes
        use_regex=raw.get("use_regex") is True and "selectiveLogic" not in more and "display_index" not in more,
        order=_number(raw.get("order" if world else "insertion_order"), DEFAULT_ORDER),
        priority=_number(raw["priority"], 0) if raw.get("priority") is not None else None,
        slot=Slot(slot),
        use_probability=_flag(at("useProbability", "use_probability")) or (
            not world and "useProbability" not in more and "probability" in more
        ),
        matches=frozenset(
            name for name, said in MATCHES.items() if _flag(at(f"match{said}", "match_" + SNAKE[name]))
        ),
        filter=Filter(
            names=_keys(chosen.get("names")), tags=_keys(chosen.get("tags")), exclude=_flag(chosen.get("isExclude"))
        ),
        fingerprint=hashlib.blake2b(dump(raw), digest_size=8).hexdigest(),
        raw=raw,
        **values,
    )  # fmt: skip


SNAKE = {
    "persona": "persona_description", "description": "character_description",
    "personality": "character_personality", "depth_prompt": "character_depth_prompt", "scenario": "scenario",
    "creator_notes": "creator_notes",
}  # fmt: skip


def _from_risu(raw: dict[str, Any]) -> dict[str, Any]:
    percent = raw.get("activationPercent")
    return {
        "keys": raw.get("key"), "secondary_keys": raw.get("secondkey"), "comment": raw.get("comment"),
        "content": raw.get("content"), "constant": raw.get("alwaysActive"), "selective": raw.get("selective"),
        "insertion_order": raw.get("insertorder"), "use_regex": raw.get("useRegex"), "position": "before_char",
        "enabled": raw.get("mode") != "folder",
        "extensions": {"probability": percent, "useProbability": True} if percent is not None else {}, "risu": raw,
    }  # fmt: skip


def _from_agnai(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "keys": raw.get("keywords"), "content": raw.get("entry"), "name": raw.get("name"),
        "insertion_order": raw.get("weight"), "priority": raw.get("priority"), "enabled": raw.get("enabled"),
        "position": "before_char", "agnai": raw,
    }  # fmt: skip


def _from_novelai(raw: dict[str, Any]) -> dict[str, Any]:
    budget = mapping(raw.get("contextConfig"))
    return {
        "keys": raw.get("keys"), "content": raw.get("text"), "name": raw.get("displayName"),
        "enabled": raw.get("enabled"), "insertion_order": budget.get("budgetPriority"), "position": "before_char",
        "constant": raw.get("forceActivation"), "novelai": raw,
    }  # fmt: skip


OTHERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "risu": _from_risu, "agnai": _from_agnai, "novelai": _from_novelai,
}  # fmt: skip


def to_world(book: Book) -> dict[str, Any]:
    """The book as a world file: entries by uid, each with every field, and whatever else it had."""
    return {"name": book.name, **_settings(book), "entries": {entry.uid: _world_entry(entry) for entry in book.entries}}


def _world_entry(entry: Entry) -> dict[str, Any]:
    rest = {k: v for k, v in entry.raw.items() if k not in CARD_KEYS}
    values = {row[0]: getattr(entry, name) for name, row in FIELDS.items()}
    return {
        **rest, **values, "uid": int(entry.uid) if entry.uid.isdecimal() else entry.uid,
        "key": list(entry.keys), "keysecondary": list(entry.secondary_keys), "comment": entry.comment,
        "content": whole_content(entry), "constant": entry.constant, "selective": entry.selective,
        "selectiveLogic": int(entry.logic), "order": entry.order, "disable": not entry.enabled,
        "position": int(entry.slot), "role": ROLES.index(entry.role), "useProbability": entry.use_probability,
        "triggers": list(entry.triggers), "characterFilter": _filter(entry),
        **({"use_regex": True} if entry.use_regex else {}),
        **{f"match{said}": name in entry.matches for name, said in MATCHES.items()},
    }  # fmt: skip


def to_card_book(book: Book) -> dict[str, Any]:
    """The book as a card holds it (V3): a list of entries, what V3 does not know among their extensions."""
    whole = {"name": book.name, "description": book.description, **_settings(book)}
    return {**whole, "entries": [_card_entry(entry) for entry in book.entries]}


def _settings(book: Book) -> dict[str, Any]:
    settings = {
        "scan_depth": book.scan_depth, "token_budget": book.token_budget, "recursive_scanning": book.recursive,
        "description": book.description or None,
    }  # fmt: skip
    rest = {k: v for k, v in book.raw.items() if k not in {"entries", "name", "spec", "data", "type", "ver"}}
    return {
        **rest,
        **{k: v for k, v in settings.items() if v is not None},
        "extensions": mapping(rest.get("extensions")),
    }


def _card_entry(entry: Entry) -> dict[str, Any]:
    rest = {k: v for k, v in entry.raw.items() if k not in WORLD_KEYS}
    values = {row[1]: getattr(entry, name) for name, row in FIELDS.items() if name != "case_sensitive"}
    extensions = {
        **mapping(rest.get("extensions")), **values, "selectiveLogic": int(entry.logic), "position": int(entry.slot),
        "role": ROLES.index(entry.role), "useProbability": entry.use_probability, "triggers": list(entry.triggers),
        "character_filter": _filter(entry), **{f"match_{SNAKE[name]}": name in entry.matches for name in MATCHES},
    }  # fmt: skip
    if entry.use_regex:
        del extensions["selectiveLogic"]
        extensions.pop("display_index", None)
    return {
        **rest, "id": int(entry.uid) if entry.uid.isdecimal() else entry.uid, "keys": list(entry.keys),
        "secondary_keys": list(entry.secondary_keys), "comment": entry.comment, "content": whole_content(entry),
        "constant": entry.constant, "selective": entry.selective, "insertion_order": entry.order,
        "enabled": entry.enabled, "use_regex": entry.use_regex,
        "position": "before_char" if entry.slot is Slot.BEFORE else "after_char",
        **({"case_sensitive": entry.case_sensitive} if entry.case_sensitive is not None else {}),
        **({"priority": entry.priority} if entry.priority is not None else {}), "extensions": extensions,
    }  # fmt: skip


def whole_content(entry: Entry) -> str:
    """The text of an entry with the decorators it was read with."""
    lines, _ = divided(_text(entry.raw.get("content")))
    return "\n".join([*lines, entry.content])


def _filter(entry: Entry) -> dict[str, Any]:
    chosen = entry.filter
    return {"isExclude": chosen.exclude, "names": list(chosen.names), "tags": list(chosen.tags)}


CARD_KEYS = {
    "keys", "secondary_keys", "insertion_order", "enabled", "id", "case_sensitive", "position", "use_regex",
}  # fmt: skip
WORLD_KEYS = {
    "key", "keysecondary", "order", "disable", "uid", "characterFilter", "role", "useProbability", "selectiveLogic",
    *(row[0] for row in FIELDS.values()), *(f"match{said}" for said in MATCHES.values()),
}  # fmt: skip
