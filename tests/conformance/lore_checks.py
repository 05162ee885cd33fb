"""How the cases about lorebooks and decorators are checked."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from tzurot.lore.book import Book, Slot
from tzurot.lore.files import from_object
from tzurot.lore.patterns import Patience
from tzurot.lore.scan import Conversation, Line, Scanned, ScanSettings, scan
from tzurot.lore.timed import Timers
from tzurot.prompt.macros import Facts, Macros

if TYPE_CHECKING:
    from collections.abc import Callable

Case = dict[str, Any]
SLOTS = {
    Slot.BEFORE: "before", Slot.AFTER: "after", Slot.AN_TOP: "an_top", Slot.AN_BOTTOM: "an_bottom",
    Slot.EM_TOP: "em_top", Slot.EM_BOTTOM: "em_bottom",
}  # fmt: skip
SETTINGS = {
    "scan_depth": "depth", "match_whole_words": "whole_words", "min_activations_depth_max": "min_activations_depth",
    "max_recursion_steps": "max_passes", "insertion_strategy": "strategy",
}  # fmt: skip
SOURCES = {
    "personaDescription": "persona", "characterDescription": "description", "characterPersonality": "personality",
    "characterDepthPrompt": "depth_prompt", "scenario": "scenario", "creatorNotes": "creator_notes",
}  # fmt: skip


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def settings_of(case: Case) -> tuple[ScanSettings, int]:
    given = dict(case.get("settings", {}))
    context = given.pop("max_context", 100_000)
    return ScanSettings(**{SETTINGS.get(key, key): value for key, value in given.items()}), context


def check_lorebook(case: Case) -> None:
    settings, context = settings_of(case)
    names = case.get("names", {})
    books, ids = [], {}
    for given in case["books"]:
        book = from_object({"name": given["name"], "entries": given["entries"]}).book
        books.append((given["scope"], book))
        ids |= {id(entry): raw["id"] for entry, raw in zip(book.entries, given["entries"], strict=True)}
    character, data = case.get("character") or {}, case.get("scan_data", {})
    timers = Timers()
    for step in case.get("steps") or [case]:
        scanned = scan(
            books,
            Conversation(
                lines=tuple(Line(name=line["name"], text=line["text"]) for line in step["chat"]),
                injected=tuple(each["text"] for each in case.get("injections", ()) if each["scan"]),
                sources={mine: data[key] for key, mine in SOURCES.items() if data.get(key)},
                names=frozenset({character["filename"]} if character else ()),
                tags=frozenset(character.get("tags", ())),
                trigger=data.get("trigger", "normal"),
            ),
            settings=settings,
            context_tokens=context,
            count=utf16_units,
            expand=Macros(Facts(char=names.get("char", "Char"), user=names.get("user", "User")), Random(1)).expand,
            dice=Random(1),
            timers=timers,
            patience=Patience(total_s=5, each_s=1),
        )
        timers = scanned.timers
        activated = [ids[id(each.entry)] for each in scanned.activated]
        expect = step["expect"]
        if "one_of" in expect:
            assert activated in expect["one_of"]
            continue
        assert activated == expect["activated"]
        assert positions(scanned, ids) == normal(expect["positions"])


def positions(scanned: Scanned, ids: dict[int, str]) -> dict[str, Any]:
    def of(entries: Any) -> list[str]:
        return [ids[id(each.entry)] for each in entries]

    found: dict[str, Any] = {SLOTS[slot]: of(entries) for slot, entries in scanned.placed.slots.items()}
    if scanned.placed.at_depth:
        found["at_depth"] = [{"depth": e.depth, "role": e.role, "ids": of(e.entries)} for e in scanned.placed.at_depth]
    if scanned.placed.outlets:
        found["outlet"] = {name: of(entries) for name, entries in scanned.placed.outlets.items()}
    return normal(found)


def normal(found: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty, and with messages at a depth in one order."""
    kept = {key: value for key, value in found.items() if value}
    if "at_depth" in kept:
        kept["at_depth"] = sorted(kept["at_depth"], key=lambda each: (each["depth"], each["role"]))
    return kept


def check_decorators(case: Case) -> None:
    context, expect = case["context"], case["expect"]
    raw = {"extensions": {}, "enabled": True, "insertion_order": 100, **case["entry"]}
    entry = from_object({"entries": [raw]}).book.entries[0]
    book = Book(name="book", entries=(entry,), scan_depth=context.get("book_scan_depth"))
    scanned = scan(
        [("character", book)],
        Conversation(
            lines=tuple(Line(name="User", text=text) for text in context.get("chat", ())),
            replies=context.get("assistant_messages", 0),
            greeting=context.get("greeting_index"),
            icon=context.get("user_icon", ""),
        ),
        settings=ScanSettings(depth=10, include_names=False),
        context_tokens=100_000,
        count=utf16_units,
        expand=lambda text: text,
        dice=Random(1),
        timers=Timers(matched=frozenset({f"book.{entry.uid}"} if context.get("earlier_matches") else ())),
    )
    assert bool(scanned.activated) == expect["active"]
    placed = scanned.placed
    depth = placed.at_depth[0] if placed.at_depth else None
    total = len(context.get("chat", ()))
    found = {
        "content": scanned.activated[0].text if scanned.activated else "",
        "depth": (max(0, total - depth.depth) if depth.reverse else depth.depth) if depth else None,
        "role": entry.decorators.role,
        "position": next(iter(placed.named), None),
    }
    for key, value in expect.items():
        if key != "active":
            assert (found[key] if key in found else getattr(entry.decorators, key)) == value, key


LORE_CHECKS: dict[str, Callable[[Case], None]] = {
    "lorebook_cases": check_lorebook,
    "ccv3_decorator_cases": check_decorators,
}
