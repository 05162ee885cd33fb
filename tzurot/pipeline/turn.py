"""What flows between the steps of a turn: one frozen type per stage, every field filled."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from tzurot.lore.scan import ScanSettings
from tzurot.lore.timed import Timers
from tzurot.pipeline.layout import NOTHING, Rendered
from tzurot.prompt.notes import AuthorsNote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tzurot.llm.chat import ChatMessage, Route, Usage
    from tzurot.lore.book import Book
    from tzurot.lore.candidates import Scope
    from tzurot.lore.scan import Activation
    from tzurot.memory.facts import Fact
    from tzurot.memory.partition import Acquaintance, Remembered
    from tzurot.prompt.regex_scripts import RegexScript
    from tzurot.settings.cascade import Resolved
    from tzurot.tables.characters import Character
    from tzurot.tables.messages import Line
    from tzurot.tables.people import Participant, Person
    from tzurot.tables.turns import Accepted
    from tzurot.talk import Incoming, Place, Utterance


# why a character speaks, where that makes a difference: it is there and was not called; it goes on; others did
ACTIVE, DM, FIRST_DM, GO_ON, ROUND = "active channel", "dm", "first dm", "continue", "round"
FREE = frozenset({ACTIVE, DM, FIRST_DM})  # nobody was called by name
UNASKED = frozenset({GO_ON, ROUND})  # no person said anything

Kind = Literal["file", "picture", "recording", "page"]


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

    @property
    def said(self) -> tuple[Utterance, ...]:
        """All that is answered, oldest first; as a rule one message."""
        return (*self.accepted.together, self.accepted.incoming.utterance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What people set for a conversation besides the card.

    `system_prompt` stands in for the house's rules, `post_history` for the last words: a card's own go before them and
    may quote them. `sidecar` is what somebody wrote for this character, `books` are lorebooks besides the card's own,
    `scripts` run before the card's own.
    """

    system_prompt: str = ""
    post_history: str = ""
    sidecar: str = ""
    note: AuthorsNote = field(default_factory=AuthorsNote)
    books: tuple[tuple[Scope, Book], ...] = ()
    scripts: tuple[RegexScript, ...] = ()
    lore: ScanSettings = field(default_factory=ScanSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a turn leaves to the next one of the same character in the same place.

    `since` is the message with which the prompt's history began, and begins again while it fits: so its beginning stays
    what a server has cached. `seen` is the newest message, `length` how many there were by then, as lore counts them.
    """

    since: int = 0
    seen: int = 0
    length: int = 0
    timers: Timers = field(default_factory=Timers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was said before, oldest first, when it is now, what was set, and what the last turn left.

    The first `elsewhere` lines were said in other places; `skipped` counts the lines before all others that are left
    out. `present` are those who take part besides the asker. `reactions` are the signs people put under messages, in
    words, by the message's id. `renderings` are what the last prompt of each character here made of the same lines.
    `speakers` and `message_ids` are those of the lines.
    """

    turn: Turn
    settings: Resolved
    history: tuple[Line, ...]
    now: datetime
    direction: Direction = field(default_factory=Direction)
    standing: Standing = field(default_factory=Standing)
    skipped: int = 0
    elsewhere: int = 0
    present: tuple[Participant, ...] = ()
    reactions: Mapping[int, str] = field(default_factory=dict[int, str])
    renderings: dict[int, Rendered] = field(default_factory=dict[int, "Rendered"], repr=False)

    speakers: frozenset[str] = field(init=False, repr=False)
    message_ids: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "speakers", frozenset(map(attrgetter("speaker"), self.history)))
        ids = chain.from_iterable(map(attrgetter("message_ids"), self.history))
        object.__setattr__(self, "message_ids", frozenset(ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A message that the asker pointed at."""

    speaker: str
    text: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as models take it: small, still, upright."""

    content: bytes = field(repr=False)
    media_type: str
    width: int
    height: int

    @property
    def tokens(self) -> int:
        """About what it costs a model: one for 750 pixels (Anthropic's figure; OpenAI's comes to half of it)."""
        return self.width * self.height // 750 + 1

    @property
    def data_url(self) -> str:
        return f"data:{self.media_type};base64,{b64encode(self.content).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What became of an attachment: the picture for a model that sees, or words, or (`unread`) why there are none.

    `name` and `about` (its kind and size) say what it is. It came with the message `message_id`, or, where it is not
    `is_own`, with the one which that replies to. The words are a file's text (`is_whole`: all of it was fetched),
    what a picture shows, or what was said in a recording.
    """

    name: str
    about: str
    message_id: int
    is_own: bool = True
    kind: Kind = "file"
    text: str = ""
    is_whole: bool = True
    picture: Picture | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What was pointed at and could be read; `unread` says why the rest could not. Own attachments stand first."""

    quotes: tuple[Quote, ...] = ()
    unread: tuple[str, ...] = ()
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What is remembered of the asker: facts, and lines in the order they were said; `known` since when."""

    known: Acquaintance | None = None
    memories: tuple[Remembered, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is sent, to whom, how large it is (estimated tokens), and what was cut to fit `limit`.

    `lore` is what was called up, and `standing` and `rendered` what the next turn begins with.
    """

    messages: tuple[ChatMessage, ...]
    route: Route
    tokens: int
    limit: int
    cuts: tuple[str, ...]
    lore: tuple[Activation, ...] = ()
    standing: Standing = field(default_factory=Standing)
    rendered: Rendered = NOTHING


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
    """What will be said; `text` is the whole of it, `chunks` the messages it takes, with buttons below the last."""

    turn: Turn
    voice: Voice
    text: str
    chunks: tuple[str, ...]
    has_buttons: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    turn: Turn
    text: str
    message_ids: tuple[int, ...]
