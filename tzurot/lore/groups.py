"""Inclusion groups: of the entries that share a group one is taken, by what stays, by score, by priority or by lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from random import Random

    from tzurot.lore.candidates import Candidate


def chosen(
    candidates: Sequence[Candidate],
    active: Collection[Candidate],
    *,
    stays: Callable[[Candidate], bool],
    score: Callable[[Candidate], int],
    scored: bool,
    dice: Random,
) -> list[Candidate]:
    """The candidates without those that lose in one of their groups; `scored` where scores count for all of them."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for name in candidate.entry.groups:
            groups.setdefault(name, []).append(candidate)
    if not groups:
        return list(candidates)
    lost: set[str] = set()
    taken = {candidate.entry.group for candidate in active}
    staying = {name for name, group in groups.items() if any(map(stays, group))}
    for name in staying:
        lost.update(candidate.key for candidate in groups[name] if not stays(candidate))
    for name, group in groups.items():
        if name not in staying:
            groups[name] = best = _best(group, score, scored)
            lost.update(candidate.key for candidate in group if candidate not in best)
    for name, group in groups.items():
        if name in staying:
            continue
        winner = None if name in taken else _winner(group, dice)
        lost.update(candidate.key for candidate in group if candidate is not winner)
    return [candidate for candidate in candidates if candidate.key not in lost]


def _best(group: list[Candidate], score: Callable[[Candidate], int], scored: bool) -> list[Candidate]:  # noqa: FBT001
    """Those with the most keys found; only entries that are scored can lose by it."""
    if not scored and not any(candidate.entry.use_group_scoring for candidate in group):
        return group
    scores = {candidate.key: score(candidate) for candidate in group}
    most = max(scores.values())

    def counts(candidate: Candidate) -> bool:
        own = candidate.entry.use_group_scoring
        return scored if own is None else own

    return [candidate for candidate in group if not counts(candidate) or scores[candidate.key] == most]


def _winner(group: list[Candidate], dice: Random) -> Candidate | None:
    if len(group) <= 1:
        return group[0] if group else None
    first = [candidate for candidate in group if candidate.entry.group_override]
    if first:
        return max(first, key=lambda candidate: candidate.entry.order)
    rolled = dice.random() * sum(candidate.entry.group_weight for candidate in group)
    for candidate in group:
        rolled -= candidate.entry.group_weight
        if rolled <= 0:
            return candidate
    return group[-1]
