"""Which lore a conversation calls up: the card's own lorebook and those that people set for it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tzurot.lore.book import Slot
from tzurot.lore.patterns import Patience
from tzurot.lore.scan import Conversation, Line, Scanned, scan
from tzurot.prompt.fence import harmless
from tzurot.prompt.regex_scripts import Placement, applied
from tzurot.prompt.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.lore.book import Book, Entry
    from tzurot.lore.candidates import Scope
    from tzurot.lore.scan import Activation
    from tzurot.pipeline.turn import Scene
    from tzurot.prompt.macros import Macros
    from tzurot.prompt.regex_scripts import RegexScript
    from tzurot.tables.characters import Character

MANY_ENTRIES = 1000
IN_A_THREAD_S = 0.5  # for all patterns of one scan, where they run apart from the event loop


def books_of(scene: Scene) -> tuple[tuple[Scope, Book], ...]:
    """The lorebooks in use."""
    own = scene.turn.character.book
    return (*((("character", own),) if own is not None else ()), *scene.direction.books)


def scripts_of(scene: Scene) -> tuple[RegexScript, ...]:
    """The regex scripts in use: people's first, then the card's own."""
    return (*scene.direction.scripts, *scene.turn.character.scripts)


def is_heavy(scene: Scene) -> bool:
    """Whether its prompt may take time that is not for the event loop: for somebody's patterns, or very large books."""
    books = [book for _, book in books_of(scene)]
    return (
        bool(scripts_of(scene))
        or any(book.has_patterns for book in books)
        or sum(len(book.entries) for book in books) > MANY_ENTRIES
    )


def call_up(scene: Scene, macros: Macros, context_tokens: int) -> Scanned | None:
    """What the conversation calls up; None where there is no lorebook."""
    books = books_of(scene)
    if not books:
        return None
    turn, card = scene.turn, scene.turn.character.card
    note = scene.direction.note
    facts = macros.facts
    lines = [Line(name=line.speaker, text=line.text) for line in scene.history]
    patience, scripts = Patience(total_s=IN_A_THREAD_S), scripts_of(scene)

    def finish(entry: Entry, text: str) -> str:
        depth = entry.depth if entry.slot is Slot.AT_DEPTH else None
        return applied(
            text,
            scripts,
            placement=Placement.LORE,
            use="prompt",
            depth=depth,
            expand=macros.expand,
            patience=patience,
        )

    return scan(
        books,
        Conversation(
            lines=(*lines, *(Line(name=turn.asked_by.name, text=said.text) for said in turn.said)),
            length=length_of(scene),
            replies=sum(line.character_id == turn.character.id for line in scene.history),
            injected=(macros.expand(note.text),) if note.is_scanned and note.text else (),
            sources={
                "persona": turn.asked_by.description, "description": card.description,
                "personality": card.personality, "scenario": card.scenario, "creator_notes": card.creator_notes,
                "depth_prompt": card.depth_prompt.text if card.depth_prompt else "",
            },
            names=names_of(turn.character),
            tags=frozenset(card.tags),
            trigger="regenerate" if turn.accepted.take > 1 else "normal",
        ),
        settings=scene.direction.lore,
        context_tokens=context_tokens,
        count=estimate,
        expand=macros.expand,
        dice=Random(f"{facts.seed}|{turn.id}|lore"),  # noqa: S311 - the same for the same turn
        timers=scene.standing.timers,
        patience=patience,
        finish=finish if scripts else None,
    )  # fmt: skip


def names_of(character: Character) -> frozenset[str]:
    """Under which names filters of lorebooks may mean a character."""
    return frozenset({character.card.name, character.card.spoken_name, character.summary.slug})


def length_of(scene: Scene) -> int:
    """How many messages a conversation has with the one that is being answered, as lore counts them."""
    seen, said = scene.standing.seen, [one.message_id for one in scene.turn.said]
    if not seen:
        return len(scene.history) + len(said)
    return scene.standing.length + sum(map(seen.__lt__, [*[line.message_ids[0] for line in scene.history], *said]))


def always_stands(activation: Activation) -> bool:
    """Whether an entry stands in every prompt: then it may stand where a cache keeps it."""
    entry, said = activation.entry, activation.entry.decorators
    by_chance = entry.use_probability and entry.probability < 100  # noqa: PLR2004 - percent
    return (entry.constant or said.constant or said.activate) and not (by_chance or entry.group)


def text_of(entries: Sequence[Activation]) -> str:
    return harmless("\n".join(each.text for each in entries))


def disabled_prompts(lore: Scanned | None) -> set[str]:
    """Which of people's own prompts an entry that was called up wants away."""
    called = lore.activated if lore is not None else ()
    return {prompt for each in called for prompt in each.entry.decorators.disable_ui_prompt}


def cuts_of(lore: Scanned | None) -> tuple[str, ...]:
    if lore is None:
        return ()
    cuts: list[str] = []
    if lore.dropped:
        cuts.append(f"{len(lore.dropped)} lore entries that the lorebooks' budget could not hold")
    if not lore.in_time:
        cuts.append("lore keys that are patterns and took too long to look for")
    return tuple(cuts)
