"""Where called-up entries stand in a prompt.

In every slot a lower order stands earlier, and of equal orders the one called up later; only outlets run from high to
low. Texts at the same depth with the same role are one message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tzurot.lore.book import Role, Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tzurot.lore.scan import Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class AtDepth:
    """Entries that stand together in the conversation, `depth` messages before its end."""

    depth: int
    role: Role
    entries: tuple[Activation, ...]
    reverse: bool = False  # `depth` counts from the beginning instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Entries by slot, in the order of the prompt; `named` are those that a V3 decorator puts at a named place."""

    slots: Mapping[Slot, tuple[Activation, ...]] = field(default_factory=dict[Slot, "tuple[Activation, ...]"])
    at_depth: tuple[AtDepth, ...] = ()
    outlets: Mapping[str, tuple[Activation, ...]] = field(default_factory=dict[str, "tuple[Activation, ...]"])
    named: Mapping[str, tuple[Activation, ...]] = field(default_factory=dict[str, "tuple[Activation, ...]"])


def placed(activated: Sequence[Activation]) -> Placed:
    """Put each entry that has a text into its slot."""
    slots: dict[Slot, list[Activation]] = {}
    depths: dict[tuple[int, Role, bool], list[Activation]] = {}
    outlets: dict[str, list[Activation]] = {}
    named: dict[str, list[Activation]] = {}
    for each in sorted(activated, key=lambda activation: -activation.entry.order):
        entry, said = each.entry, each.entry.decorators
        if not each.text:
            continue
        if said.position is not None:
            named.setdefault(said.position, []).insert(0, each)
        elif said.depth is not None or said.reverse_depth is not None or entry.slot is Slot.AT_DEPTH:
            depths.setdefault(depth_of(each), []).insert(0, each)
        elif entry.slot is Slot.OUTLET:
            outlets.setdefault(entry.outlet, []).append(each)
        else:
            slots.setdefault(entry.slot, []).insert(0, each)
    return Placed(
        slots={slot: tuple(entries) for slot, entries in slots.items()},
        at_depth=tuple(
            AtDepth(depth=depth, role=role, reverse=reverse, entries=tuple(entries))
            for (depth, role, reverse), entries in depths.items()
        ),
        outlets={name: tuple(entries) for name, entries in outlets.items()},
        named={name: tuple(entries) for name, entries in named.items()},
    )


def depth_of(activation: Activation) -> tuple[int, Role, bool]:
    """At which depth an entry stands, in which role, and whether that counts from the beginning."""
    entry, said = activation.entry, activation.entry.decorators
    role = said.role or entry.role
    if said.depth is not None:
        return said.depth, role, False
    if said.reverse_depth is not None:
        return said.reverse_depth, role, True
    return entry.depth, role, False
