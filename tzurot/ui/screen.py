"""A screen as a value: what people read and what they may press; each front draws it in its own way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tzurot.ui.viewer import Viewer

Style = Literal["plain", "primary", "danger"]
ADDRESS_LIMIT = 100
SEPARATOR = "|"
LONGEST_NUMBER = 19
FILL = "fill"  # the verb of every press that opens a form


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a press leads: the whole state of a screen, so that its buttons outlive the process that drew them.

    `owner` is the id of whoever opened the screen, 0 for anybody; a courtesy: rights are checked by what is done.
    """

    screen: str
    verb: str
    owner: int = 0
    arguments: tuple[str, ...] = ()

    def pack(self) -> str:
        """The address as a component's id; the last argument is cut where it would be too long for Discord."""
        head = SEPARATOR.join((self.screen, self.verb, f"{self.owner:x}", *self.arguments[:-1]))
        tail = self.arguments[-1:] and self.arguments[-1].replace(SEPARATOR, " ")
        return f"{head}{SEPARATOR}{tail}"[:ADDRESS_LIMIT] if self.arguments else head

    @classmethod
    def unpack(cls, packed: str) -> Address:
        """Read an address back.

        Raises:
            Invalid: it is none of ours, or it was tampered with.

        """
        screen, _, rest = packed.partition(SEPARATOR)
        verb, _, rest = rest.partition(SEPARATOR)
        owner, _, rest = rest.partition(SEPARATOR)
        try:
            return cls(
                screen=screen,
                verb=verb,
                owner=int(owner, 16),
                arguments=tuple(rest.split(SEPARATOR)) if rest else (),
            )
        except ValueError:
            raise stale() from None

    def argument(self, position: int) -> str:
        """An argument as text; raises Invalid where there is none."""
        try:
            return self.arguments[position]
        except IndexError:
            raise stale() from None

    def number(self, position: int) -> int:
        """An argument that was written as a whole number of at most eighteen digits; raises Invalid for another."""
        text = self.argument(position)
        if not text.removeprefix("-").isdecimal() or len(text) > LONGEST_NUMBER:
            raise stale()
        return int(text)


def stale() -> Invalid:
    return Invalid("screen.stale", "That button belongs to an older screen.", "Run the command again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    label: str
    address: Address
    style: Style = "plain"
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A menu of at most 25 choices; the chosen value reaches the address's screen."""

    prompt: str
    address: Address
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A line or a page of text in a form."""

    name: str
    label: str
    long: bool = False
    required: bool = False
    limit: int = 4000
    placeholder: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """At most five inputs; what was typed reaches the address's screen."""

    title: str
    address: Address
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file beside a screen; `shown` puts a picture into its corner, `wide` under its text."""

    name: str
    content: bytes
    shown: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """`beside`: shown to who pressed alone, and what they pressed stays as it is."""

    title: str
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    footer: str = ""
    select: Select | None = None
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    beside: bool = False


Answer = Screen | Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What was pressed: the address, the values chosen in a menu, the texts typed into a form."""

    address: Address
    values: Sequence[str] = ()
    texts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def chosen(self) -> str:
        """The one value of a menu; raises Invalid where it is not one."""
        if len(self.values) != 1:
            raise stale()
        return self.values[0]


class Pressable(Protocol):
    """A screen whose buttons outlive the process; rights are checked anew by every press.

    `press` answers with a screen, with a form where the address's verb is FILL, or with None where nothing is shown.
    """

    @property
    def key(self) -> str: ...

    async def press(self, viewer: Viewer, press: Press) -> Answer: ...
