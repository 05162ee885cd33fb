"""What a scripted language model can answer, the ways it fails included."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import asyncio


@dataclass(frozen=True)
class Text:
    """An ordinary answer; `tokens_per_chunk` words leave together, `delay_s` passes before the first."""

    text: str
    delay_s: float = 0.0
    tokens_per_chunk: int = 4
    reasoning: str = ""
    finish: str = "stop"
    usage: bool | dict[str, Any] = True
    between_chunks_s: float = 0.0
    after: asyncio.Event | None = None  # nothing is said before


def Slow(text: str, seconds: float, **more: Any) -> Text:  # noqa: N802  -- reads like the others
    """An answer whose first word takes this long."""
    return Text(text, delay_s=seconds, **more)


@dataclass(frozen=True)
class Status:
    """An error of the provider."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Html:
    """A proxy's page where JSON was due."""

    status: int = 200


@dataclass(frozen=True)
class Empty:
    """A well-formed answer without words."""

    finish: str = "stop"


@dataclass(frozen=True)
class Nothing:
    """200, and the connection closes."""


@dataclass(frozen=True)
class HalfStream:
    """Some words, then a cut in the middle of an event."""

    text: str


@dataclass(frozen=True)
class Huge:
    """An answer without end, so many megabytes of it."""

    megabytes: float


@dataclass(frozen=True)
class Never:
    """Headers, or some words too, and then silence until the client gives up."""

    headers: Literal["sent", "withheld"] = "withheld"
    words: str = ""


Scripted = Text | Status | Html | Empty | Nothing | HalfStream | Huge | Never
