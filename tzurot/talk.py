"""What people say, as every floor speaks of it: fronts make these values, nothing below knows where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

FrontName = Literal["discord", "terminal"]
PlaceKind = Literal["guild", "thread", "dm", "terminal"]
LONGEST_LABEL = 80
BRACKETS = str.maketrans("[]<>", "()()")


def storable(text: str) -> str:
    """Text without what neither Postgres nor JSON can hold: NUL characters and halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:  # pairs that came in two halves are joined, lone halves go
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    return text.replace("\0", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is said. `channel_id` is a thread's own id in a thread; `parent_id` its channel's.

    `age_restricted`: Discord lets only adults in.
    """

    front: FrontName
    channel_id: int
    kind: PlaceKind
    name: str = ""
    guild_id: int | None = None
    guild_name: str = ""
    parent_id: int | None = None
    age_restricted: bool = False

    @property
    def key(self) -> str:
        """The same place is the same text, in the database and in every cache."""
        return place_key(self.channel_id, self.front)

    @property
    def audience(self) -> str:
        """Before whom something is said here: everybody of a server, or nobody else."""
        return "private" if self.guild_id is None else f"guild:{self.guild_id}"


def place_key(channel_id: int, front: FrontName = "discord") -> str:
    """What a place is known by."""
    return f"{front}:{channel_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who says it. `external_id` is the front's own id of a person; a character has `character_id` instead."""

    front: FrontName
    external_id: str
    name: str
    kind: Literal["human", "bot", "character"] = "human"
    character_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message; `seconds` is how long a recording is, where that is known."""

    name: str
    url: str
    media_type: str
    size_bytes: int
    seconds: float | None = None
    is_voice: bool = False

    @property
    def label(self) -> str:
        """The name in one line of a bearable length, without what could pass for anything but a name."""
        plain = "".join(letter if letter.isprintable() else " " for letter in storable(self.name))
        return " ".join(plain.translate(BRACKETS).split())[:LONGEST_LABEL] or "a file without a name"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLink:
    channel_id: int
    message_id: int
    guild_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One message as it was said; `reply_to` is the message it answers, `links` the messages it points at.

    `reply_attachments` came with the message it answers.
    """

    message_id: int
    place: Place
    speaker: Speaker
    text: str
    said_at: datetime
    reply_to: MessageLink | None = None
    links: tuple[MessageLink, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    reply_attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An utterance that reached the bot, with what the front alone can tell about it."""

    utterance: Utterance
    mentions_bot: bool = False
