"""What one persona and one character share, in memory: rows in the order of their ids, and the search over them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from tzurot.memory.index import Entry, Index
from tzurot.memory.question import PRIVATE, Names, understand
from tzurot.memory.rank import DAY_S, STATIC, best, enough, parts, relevance, signals, worth

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from tzurot.memory.embed import Encoder
    from tzurot.memory.facts import Fact
    from tzurot.memory.question import Cue
    from tzurot.memory.rank import Signals, Weights

ROW_OVERHEAD_BYTES = 600
SHOWN_TURNS = 3
SHOWN_PLACES = 50
ALIKE = 0.9  # of the stems of two lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A line that was said between a persona and a character; `origin_id` is its message.

    `audience` says before whom: `private`, or `guild:` and its id. `kind` is chat, import or summary.
    """

    place: str
    origin_id: int
    by_character: bool
    speaker: str
    text: str
    said_at: datetime
    audience: str = PRIVATE
    kind: str = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquaintance:
    """Since when two have known each other, and on how many days (of UTC) they have talked."""

    since: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A message scored against all rows there were."""

    cue: Cue
    short: bool
    found: Signals
    parts: dict[str, NDArray[np.float32]]
    scores: NDArray[np.float32]

    @property
    def relevance(self) -> NDArray[np.float32]:
        return self.parts["relevance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A memory that was called up, the `at`-th of those to which `parts` say what each part of the score adds."""

    id: int
    episode: Episode
    score: float
    at: int = 0
    parts: Mapping[str, NDArray[np.float32]] = field(
        default_factory=dict[str, "NDArray[np.float32]"], repr=False, compare=False
    )

    @property
    def why(self) -> dict[str, float]:
        """What each part of its score adds."""
        return {name: round(values.item(self.at), 4) for name, values in self.parts.items()}


@dataclass(slots=True)
class Partition:
    """A thread may search while another adds rows: each waits for the other, so that no search sees half a row."""

    encoder: Encoder
    weights: Weights = STATIC
    index: Index = field(init=False)
    names: Names = field(default_factory=Names)
    ids: list[int] = field(default_factory=list[int])
    episodes: list[Episode] = field(default_factory=list[Episode])
    facts: tuple[Fact, ...] | None = None
    last_id: int = 0
    size_bytes: int = 1
    ahead: Scored | None = None  # made while nothing else was to do
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _alone: threading.RLock = field(default_factory=threading.RLock)
    _text_bytes: int = 0
    _talked: dict[str, tuple[datetime, set[int]]] = field(default_factory=dict[str, tuple[datetime, set[int]]])
    _worth: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    _shown: dict[str, deque[list[int]]] = field(default_factory=dict[str, deque[list[int]]])

    def __post_init__(self) -> None:
        self.index = Index(self.encoder.dimensions)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, ids: Sequence[int], episodes: Sequence[Episode], entries: Sequence[Entry]) -> None:
        with self._alone:
            for episode in episodes:
                self.names.learn(episode.speaker, by_character=episode.by_character)
                self._text_bytes += len(episode.text) + ROW_OVERHEAD_BYTES
                for audience in (PRIVATE, episode.audience):
                    since, days = self._talked.get(audience, (episode.said_at, set[int]()))
                    days.add(int(episode.said_at.timestamp() // DAY_S))
                    self._talked[audience] = min(since, episode.said_at), days
            self.ids += ids
            self.episodes += episodes
            self.index.add(entries)
            self._worth = np.append(self._worth, worth(self.index, self.weights, len(self._worth)))
            self.last_id = max(self.last_id, *ids)
            self.size_bytes = self.index.size_bytes + self._text_bytes

    def score(self, cue: Cue) -> Scored:
        with self._alone:
            question = understand(cue, self.names, self.encoder)
            found = signals(question, self.index, cue.now)
            weighed = parts(found, relevance(found, self.weights), self._worth, self.weights)
            return Scored(cue, question.short, found, weighed, reduce(np.add, weighed.values()))

    def search(self, cue: Cue, limit: int, without: Collection[int], *, floor: bool = True) -> tuple[Remembered, ...]:
        """What the cue calls up, best first; `floor` off: the best there is, however little it has to do with it."""
        with self._alone:
            ahead, self.ahead = self.ahead, None
            scored = ahead if ahead is not None and self._is_of(ahead, cue) else self.score(cue)
            count = len(scored.scores)
            scores = scored.scores.copy()
            if not cue.everywhere and cue.audience != PRIVATE:
                scores[~self.index.heard_by(cue.audience)[:count]] = -np.inf
            if floor:
                heard = scored.relevance[np.isfinite(scores)]
                if not len(heard) or not enough(float(heard.max()), scored.found, self.weights):
                    return ()
                scores[scored.relevance < self.weights.least] = -np.inf
            self._hide_shown(cue.place, scored, scores)
            rows = self._apart(scores, limit, without, cue.until)
            if cue.place:
                self._remember_shown(cue.place, rows)
            told = {name: values[rows] for name, values in scored.parts.items()}
            return tuple(
                Remembered(id=self.ids[row], episode=self.episodes[row], score=score, at=at, parts=told)
                for at, (row, score) in enumerate(zip(rows, scored.scores[rows].tolist(), strict=True))
            )

    def acquaintance(self, audience: str) -> Acquaintance | None:
        """How well the two know each other, as that audience may know; None where they have not talked."""
        found = self._talked.get(audience)
        return Acquaintance(since=found[0], days=len(found[1])) if found is not None else None

    def _is_of(self, scored: Scored, cue: Cue) -> bool:
        same = scored.cue.text == cue.text and (scored.cue.before == cue.before or not scored.short)
        timed = len(scored.found.time) > 0 and str(scored.cue.zone) != str(cue.zone)
        return same and not timed and len(scored.scores) == len(self.index)

    def _apart(self, scores: NDArray[np.float32], limit: int, without: Collection[int], until: int | None) -> list[int]:
        """The best rows that are not in the prompt anyway, without those that say what a better one says."""
        rows: list[int] = []
        # few of the best are hidden or doubles, as a rule: only where many are the rest is looked at
        for most in (2 * limit, len(scores)):
            rows, taken = [], list[set[int]]()
            for row in best(scores, most):
                stems = set(memoryview(self.index.stems(row)).cast("I"))
                double = bool(stems) and _is_said(stems, taken)
                episode = self.episodes[row]
                late = until is not None and episode.kind == "chat" and episode.origin_id >= until
                if double or late or episode.origin_id in without:
                    continue
                taken.append(stems)
                rows.append(row)
                if len(rows) == limit:
                    return rows
            if most >= len(scores):
                break
        return rows

    def _hide_shown(self, place: str, scored: Scored, scores: NDArray[np.float32]) -> None:
        """What the last turns of a place showed is not shown again, unless the message asks for it by itself."""
        count = len(scores)
        rows = np.array([row for turn in self._shown.get(place, ()) for row in turn if row < count], np.intp)
        scores[rows[scored.relevance[rows] < self.weights.floor]] = -np.inf

    def _remember_shown(self, place: str, rows: list[int]) -> None:
        turns = self._shown.pop(place, None) or deque[list[int]](maxlen=SHOWN_TURNS)
        turns.append(rows)
        self._shown[place] = turns
        if len(self._shown) > SHOWN_PLACES:
            self._shown.pop(next(iter(self._shown)))


def _is_said(stems: set[int], taken: Sequence[set[int]]) -> bool:
    """Whether one of the taken lines says nearly the same."""
    for other in taken:
        both = len(stems & other)
        if both >= ALIKE * (len(stems) + len(other) - both):
            return True
    return False
