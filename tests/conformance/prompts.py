"""The whole prompt of a card, as a turn would send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scenes import prompted, whole

if TYPE_CHECKING:
    from tzurot.cards.card import Card


def prompt_of(card: Card) -> str:
    return whole(prompted(card))
