"""What a setting is: where it can be set, and how its value is read from what somebody typed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

ValueT = TypeVar("ValueT")
ReadT_co = TypeVar("ReadT_co", covariant=True)


class Tier(IntEnum):
    """Where a value can be set; a higher tier wins. Its name in lower case is the tier's name in the database."""

    OPERATOR = 1
    CHARACTER = 2
    SERVER = 3
    CHANNEL = 4
    USER = 5
    USER_CHARACTER = 6

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def label(self) -> str:
        """As the source of a value is named."""
        return LABELS[self]


LABELS = {
    Tier.OPERATOR: "the whole bot",
    Tier.CHARACTER: "this character",
    Tier.SERVER: "this server",
    Tier.CHANNEL: "this channel",
    Tier.USER: "you",
    Tier.USER_CHARACTER: "you with this character",
}
EVERYWHERE = tuple(Tier)


class Kind(Protocol[ReadT_co]):
    """`read` raises ValueError for what is no value; `bounds` says what is one; `choices` are all, if they are few."""

    @property
    def bounds(self) -> str: ...

    @property
    def choices(self) -> tuple[str, ...]: ...

    @property
    def limit(self) -> int: ...

    def read(self, text: str) -> ReadT_co: ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; both ends are values."""

    lowest: int
    highest: int
    choices: tuple[str, ...] = ()
    limit: int = 20

    @property
    def bounds(self) -> str:
        return f"a whole number from {self.lowest} to {self.highest}"

    def read(self, text: str) -> int:
        value = int(text)
        if not self.lowest <= value <= self.highest:
            raise ValueError(text)
        return value


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, from 0 to `highest`; may be typed as a percentage."""

    highest: float = 1.0
    choices: tuple[str, ...] = ()
    limit: int = 10

    @property
    def bounds(self) -> str:
        return f"a number from 0 to {self.highest:g}, or a percentage"

    def read(self, text: str) -> float:
        value = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
        if not 0 <= value <= self.highest:
            raise ValueError(text)
        return round(value, 4)


@dataclass(frozen=True, slots=True)
class Switch:
    choices: tuple[str, ...] = ("on", "off")
    bounds: str = "on or off"
    limit: int = 10

    def read(self, text: str) -> bool:
        return (False, True)[("off", "on").index(text.casefold())]


@dataclass(frozen=True, slots=True)
class OneOf:
    choices: tuple[str, ...]
    limit: int = 40

    @property
    def bounds(self) -> str:
        return " or ".join(self.choices)

    def read(self, text: str) -> str:
        return self.choices[self.choices.index(text.casefold())]


@dataclass(frozen=True, slots=True)
class Text:
    """Any text, unless `check` raises ValueError for it."""

    limit: int
    check: Callable[[str], object] | None = None
    says: str = ""
    choices: tuple[str, ...] = ()

    @property
    def bounds(self) -> str:
        return self.says or f"at most {self.limit} characters"

    def read(self, text: str) -> str:
        if len(text) > self.limit:
            raise ValueError(text)
        if text and self.check is not None:
            self.check(text)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[ValueT]):
    """One thing to tune, in the tiers where it makes sense. One that is not `listed` has commands of its own."""

    key: str
    label: str
    help: str
    section: str
    default: ValueT
    kind: Kind[ValueT]
    tiers: tuple[Tier, ...] = EVERYWHERE
    unit: str = ""
    listed: bool = True

    def shown(self, value: object) -> str:
        """A value as people read it."""
        text = self.typed(value)
        return f"{text} {self.unit}".strip() if text else "—"

    @staticmethod
    def typed(value: object) -> str:
        """A value as somebody would type it."""
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def given(self, text: str) -> ValueT:
        """The value of what was typed.

        Raises:
            Invalid: it is none.

        """
        try:
            return self.kind.read(text.strip())
        except ValueError:
            sentence = f"“{text[:60]}” is not a value for {self.label}."
            raise Invalid("setting.value", sentence, f"Give {self.kind.bounds}.") from None

    def kept(self, value: object) -> ValueT | None:
        """A stored value if it still is one: bounds may have changed since."""
        try:
            return self.kind.read(self.typed(value))
        except ValueError:
            return None
