"""Which entries of which lorebooks a conversation calls up, and where they stand.

A scan goes in passes. The first looks at the newest messages; then, where recursion is on, at what was called up; then,
while fewer than `min_activations` are, one message further back each time; then at entries that wait for a later level
of recursion. In each pass: candidates in their order (those that stay first), inclusion groups, probability, budget.
What does not fit the budget ends the scan: nothing smaller is put in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from tzurot.lore import timed
from tzurot.lore.candidates import candidates
from tzurot.lore.groups import chosen
from tzurot.lore.matching import Window
from tzurot.lore.patterns import Patience
from tzurot.lore.placing import Placed, placed
from tzurot.lore.timed import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from tzurot.lore.book import Book, Entry
    from tzurot.lore.candidates import Candidate, Scope, Strategy
    from tzurot.lore.timed import Running

MOST_PASSES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSettings:
    """How a scan goes; a book or an entry may say otherwise for itself. Budgets count tokens; 0 is no limit."""

    depth: int = 2
    include_names: bool = True
    recursive: bool = False
    case_sensitive: bool = False
    whole_words: bool = False
    budget_percent: float = 25
    budget_cap: int = 0
    min_activations: int = 0
    min_activations_depth: int = 0
    max_passes: int = 0
    use_group_scoring: bool = False
    strategy: Strategy = "character_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message, as lore looks at it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What a scan looks at.

    `lines` are oldest first; `length` is how many messages the conversation has in all, where that is more than the
    lines known. `replies` are the character's own, `greeting` which of its greetings began the conversation, `icon`
    which of its user icons is shown. `sources` are the texts that entries may have their keys looked for in (persona,
    description, personality, depth_prompt, scenario, creator_notes); `names` and `tags` are the character's, for
    filters; `trigger` is the kind of generation; `forced` are keys (`book.uid`) that are called up in any case.
    """

    lines: tuple[Line, ...] = ()
    length: int = 0
    replies: int | None = None
    greeting: int | None = None
    icon: str = ""
    injected: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    trigger: str = "normal"
    forced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An entry that was called up: its text with macros expanded, and why, in words for people."""

    key: str
    entry: Entry
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a scan found: entries in the order in which they were let in, their places, and the timers afterwards.

    `dropped` are entries that were called up but that the budget could not hold; `in_time` is False where patterns took
    longer than they may, and may have missed something.
    """

    activated: tuple[Activation, ...]
    placed: Placed
    timers: Timers
    dropped: tuple[Entry, ...] = ()
    in_time: bool = True


def scan(
    books: Sequence[tuple[Scope, Book]],
    conversation: Conversation,
    *,
    settings: ScanSettings,
    context_tokens: int,
    count: Callable[[str], int],
    expand: Callable[[str], str],
    dice: Random,
    timers: Timers | None = None,
    patience: Patience | None = None,
    finish: Callable[[Entry, str], str] | None = None,
) -> Scanned:
    """Scan a conversation. `count` gives the tokens of a text, `expand` its macros' values.

    All patterns together take about `patience` (40 ms unless told). `finish` has the last word on the text of an entry,
    after it was looked at for recursion.
    """
    made = _Scan(
        candidates(books, settings.strategy),
        conversation,
        settings=settings,
        budget=_budget(settings, context_tokens),
        count=count,
        expand=expand,
        dice=dice,
        timers=timers or Timers(),
        patience=patience or Patience(),
    ).run()
    if finish is None:
        return made
    finished = [replace(each, text=finish(each.entry, each.text)) for each in made.activated]
    return replace(made, activated=tuple(finished), placed=placed(finished))


def _budget(settings: ScanSettings, context_tokens: int) -> int:
    budget = int(settings.budget_percent * context_tokens / 100 + 0.5) or 1
    return min(budget, settings.budget_cap) if settings.budget_cap > 0 else budget


class _Scan:
    """One scan while it goes."""

    def __init__(
        self,
        found: tuple[Candidate, ...],
        conversation: Conversation,
        *,
        settings: ScanSettings,
        budget: int,
        count: Callable[[str], int],
        expand: Callable[[str], str],
        dice: Random,
        timers: Timers,
        patience: Patience,
    ) -> None:
        lines = [f"{line.name}: {line.text}" if settings.include_names else line.text for line in conversation.lines]
        self.candidates = found
        self.talk = conversation
        self.settings = settings
        self.budget = budget
        self.count = count
        self.expand = expand
        self.dice = dice
        self.patience = patience
        self.length = max(conversation.length, len(conversation.lines))
        self.window = Window(
            lines[::-1],
            depth=settings.depth,
            injected=conversation.injected,
            sources=conversation.sources,
            expand=expand,
            patience=patience,
            case_sensitive=settings.case_sensitive,
            whole_words=settings.whole_words,
        )
        self.running: Running = timed.begin(timers, {c.key: c.entry for c in found}, self.length)
        self.active: dict[str, Activation] = {}
        self.chosen: list[Candidate] = []
        self.failed: set[str] = set()
        self.dropped: list[Entry] = []
        self.overflowed = False
        self.admitted = ""
        levels = sorted({c.entry.delay_until_recursion for c in found if c.entry.delay_until_recursion})
        self.level = levels.pop(0) if levels else 0
        self.levels = levels

    def run(self) -> Scanned:
        kind: Literal["first", "recursion", "wider"] | None = "first"
        passes = 0
        while kind is not None and passes < (self.settings.max_passes or MOST_PASSES):
            passes += 1
            found = self._matching(recursion=kind == "recursion", wider=kind == "wider")
            fresh = self._admit(found, recursion=kind != "wider")
            kind = self._next(fresh, wider=kind == "wider")
            if kind is not None:
                text = "\n".join(self._text(candidate) for candidate in fresh)
                self.window.recurse(text)
                self.admitted = f"{text}\n{self.admitted}"
        kept = self._within_book_budgets()
        return Scanned(
            activated=tuple(self.active[candidate.key] for candidate in kept),
            placed=placed([self.active[candidate.key] for candidate in kept]),
            timers=timed.ended(self.running, ((c.key, c.entry) for c in kept)),
            dropped=tuple(self.dropped),
            in_time=not self.patience.exhausted,
        )

    def _text(self, candidate: Candidate) -> str:
        known = self.active.get(candidate.key)
        return known.text if known else self.expand(candidate.entry.content)

    def _matching(self, *, recursion: bool, wider: bool) -> list[tuple[Candidate, str]]:
        """The candidates of this pass, each with the reason why; those that stay first."""
        found: list[tuple[Candidate, str]] = []
        text = self.window.common(recursion=not wider)
        anyway = self.running.sticky | self.talk.forced
        for candidate in self.candidates:
            if candidate.key in self.active or candidate.key in self.failed:
                continue
            needles = candidate.entry.needles
            # most entries of a large book end here
            if needles and candidate.book.scan_depth is None and candidate.key not in anyway:
                for needle in needles:
                    if needle in text:
                        break
                else:
                    continue
            why = self._why(candidate, recursion=recursion, wider=wider)
            if why:
                found.append((candidate, why))
        return sorted(found, key=lambda each: each[0].key not in self.running.sticky)

    def _why(self, candidate: Candidate, *, recursion: bool, wider: bool) -> str | None:
        """Why an entry is called up in this pass, if it is; the checks stand in the order that decides."""
        entry, said = candidate.entry, candidate.entry.decorators
        stays = candidate.key in self.running.sticky
        if not entry.enabled or not self._is_meant(entry) or self.running.waits(entry):
            return None
        if candidate.key in self.running.cooldown and not stays:
            return None
        if not stays and not self._is_open(candidate, recursion=recursion):
            return None
        if said.activate:
            return "decorator @@activate"
        if said.dont_activate or not self._decorators_allow(candidate):
            return None
        text = self.window.text(entry, candidate.book.scan_depth, recursion=not wider)
        why = self._called(candidate, text, stays=stays)
        return why if why and self.window.allowed(entry, text) else None

    def _called(self, candidate: Candidate, text: tuple[str, str], *, stays: bool) -> str | None:
        entry, said = candidate.entry, candidate.entry.decorators
        if entry.constant or said.constant:
            return "constant"
        if candidate.key in self.talk.forced:
            return "forced"
        if stays:
            return "sticky"
        if said.keep_activate_after_match and candidate.key in self.running.timers.matched:
            return "matched before"
        return self.window.matched(entry, text)

    def _is_meant(self, entry: Entry) -> bool:
        """Whether an entry is for this kind of generation and this character."""
        if entry.triggers and self.talk.trigger not in entry.triggers:
            return False
        wanted = entry.filter
        if wanted.names and bool(self.talk.names.intersection(wanted.names)) is wanted.exclude:
            return False
        return not wanted.tags or bool(self.talk.tags.intersection(wanted.tags)) is not wanted.exclude

    def _is_open(self, candidate: Candidate, *, recursion: bool) -> bool:
        """Whether an entry may be called up in such a pass."""
        entry = candidate.entry
        if entry.delay_until_recursion and (not recursion or entry.delay_until_recursion > self.level):
            return False
        closed = (entry.exclude_recursion and self.settings.recursive) or candidate.book.recursive is False
        return not (recursion and closed)

    def _decorators_allow(self, candidate: Candidate) -> bool:
        said = candidate.entry.decorators
        replies = self.talk.replies or 0
        if said.dont_activate_after_match and candidate.key in self.running.timers.matched:
            return False
        if said.activate_only_after is not None and replies < said.activate_only_after:
            return False
        if said.activate_only_every is not None and replies % said.activate_only_every:
            return False
        if said.is_greeting is not None and said.is_greeting != self.talk.greeting:
            return False
        return said.is_user_icon is None or said.is_user_icon == self.talk.icon

    def _admit(self, found: list[tuple[Candidate, str]], *, recursion: bool) -> list[Candidate]:
        """Let candidates in as groups, chance and budget allow; those whose text the next pass looks at."""
        reasons = {candidate.key: why for candidate, why in found}
        left = chosen(
            [candidate for candidate, _ in found],
            self.chosen,
            stays=lambda candidate: candidate.key in self.running.sticky,
            score=lambda candidate: self.window.score(
                candidate.entry, self.window.text(candidate.entry, candidate.book.scan_depth, recursion=recursion)
            ),
            scored=self.settings.use_group_scoring,
            dice=self.dice,
        )
        before = self.count(self.admitted) if left else 0
        running = ""
        for candidate in left:
            entry = candidate.entry
            if self.overflowed and not entry.ignore_budget:
                self.dropped.append(entry)
                continue
            if not self._is_lucky(candidate):
                self.failed.add(candidate.key)
                continue
            text = self.expand(entry.content)
            running += text + "\n"
            if not entry.ignore_budget and before + self.count(running) >= self.budget:
                self.overflowed = True
                self.dropped.append(entry)
                continue
            why = reasons[candidate.key]
            self.active[candidate.key] = Activation(key=candidate.key, entry=entry, text=text, why=why)
            self.chosen.append(candidate)
        return [
            c
            for c in left
            if c.key not in self.failed and not c.entry.prevent_recursion and c.book.recursive is not False
        ]

    def _is_lucky(self, candidate: Candidate) -> bool:
        entry = candidate.entry
        if entry.decorators.probability is not None:
            probability: float = entry.decorators.probability
        else:
            probability = entry.probability if entry.use_probability else 100
        if probability == 100 or candidate.key in self.running.sticky:  # noqa: PLR2004 - percent
            return True
        return self.dice.random() * 100 <= probability

    def _next(self, fresh: list[Candidate], *, wider: bool) -> Literal["recursion", "wider"] | None:
        """What the next pass is, if there is one."""
        settings = self.settings
        recursive = settings.recursive or any(candidate.book.recursive for candidate in fresh)
        if recursive and not self.overflowed and (fresh or (wider and self.window.has_recursion)):
            return "recursion"
        if not self.overflowed and settings.min_activations > 0 and len(self.active) < settings.min_activations:
            deepest = settings.min_activations_depth
            if not (deepest > 0 and self.window.depth > deepest) and self.window.depth <= len(self.talk.lines):
                self.window.depth += 1
                return "wider"
        if self.levels:
            self.level = self.levels.pop(0)
            return "recursion"
        return None

    def _within_book_budgets(self) -> list[Candidate]:
        """What was let in, without the least important of books that have a budget of their own and exceed it."""
        kept = list(self.chosen)
        for book in {id(c.book): c.book for c in kept if c.book.token_budget}.values():
            own = sorted((c for c in kept if c.book is book), key=lambda c: (-c.priority, -c.entry.order))
            room = book.token_budget or 0
            for candidate in own:
                room -= self.count(self.active[candidate.key].text)
                if room < 0:
                    kept.remove(candidate)
                    self.dropped.append(candidate.entry)
        return kept
