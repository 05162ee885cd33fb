"""What was meant by a few letters: names in the order of how well they match."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALIKE = 60
NOTHING_ALIKE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something that is offered by its name; `value` stands for it, and is sought as well."""

    name: str
    value: str


NamedT = TypeVar("NamedT", bound=Named)


def best_matches(typed: str, candidates: Sequence[NamedT], limit: int) -> list[NamedT]:
    """The same name first, then names that begin so, words that begin so, and what is spelled alike.

    Among equals the order stays; with nothing typed it is the whole order.
    """
    from rapidfuzz import fuzz  # noqa: PLC0415 - 40 modules that a bot needs when somebody first types a name

    wanted = typed.strip().casefold()
    if not wanted:
        return list(candidates[:limit])

    def rank(candidate: NamedT) -> tuple[int, float]:
        name, value = candidate.name.casefold(), candidate.value.casefold()
        alike = max(fuzz.partial_ratio(wanted, name), fuzz.partial_ratio(wanted, value))
        if wanted in (name, value):
            return 0, -alike
        if name.startswith(wanted) or value.startswith(wanted):
            return 1, -alike
        if any(word.startswith(wanted) for word in name.split()):
            return 2, -alike
        return (3 if alike >= ALIKE else NOTHING_ALIKE), -alike

    ranked = sorted(((rank(candidate), candidate) for candidate in candidates), key=lambda pair: pair[0])
    return [candidate for (kind, _), candidate in ranked if kind < NOTHING_ALIKE][:limit]


def labels(found: Sequence[NamedT]) -> Iterator[tuple[str, NamedT]]:
    """Each with what it is shown as: its name, with its value where another bears the same name."""
    names = Counter(named.name for named in found)
    for named in found:
        yield (named.name if names[named.name] == 1 else f"{named.name} ({named.value})"), named
