"""What flows between the steps of a turn: one frozen type per stage, every field filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.llm.chat import ChatMessage, Route, Usage
    from tzurot.memory.facts import Fact
    from tzurot.memory.partition import Remembered
    from tzurot.settings.cascade import Resolved
    from tzurot.tables.characters import Character
    from tzurot.tables.messages import Line
    from tzurot.tables.people import Person
    from tzurot.tables.turns import Accepted
    from tzurot.talk import Incoming, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A character owes somebody an answer."""

    accepted: Accepted
    character: Character
    asked_by: Person

    @property
    def id(self) -> int:
        return self.accepted.id

    @property
    def reference(self) -> str:
        return self.accepted.reference

    @property
    def incoming(self) -> Incoming:
        return self.accepted.incoming

    @property
    def place(self) -> Place:
        return self.accepted.incoming.utterance.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was said before, oldest first, when it is now, and the settings that hold."""

    turn: Turn
    settings: Resolved
    history: tuple[Line, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A message that the asker pointed at."""

    speaker: str
    text: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What was pointed at and could be read; `unread` says why the rest could not."""

    quotes: tuple[Quote, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What is remembered of the asker: facts, and lines in the order they were said."""

    memories: tuple[Remembered, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is sent, to whom, how large it is (estimated tokens), and what was cut to fit `limit`."""

    messages: tuple[ChatMessage, ...]
    route: Route
    tokens: int
    limit: int
    cuts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the model said, thoughts apart."""

    text: str
    reasoning: str
    finish: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Under which name, and with whose face, a reply is posted."""

    name: str
    character_id: int
    avatar_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What will be said; `text` is the whole of it, `chunks` the messages it takes."""

    turn: Turn
    voice: Voice
    text: str
    chunks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    turn: Turn
    text: str
    message_ids: tuple[int, ...]
