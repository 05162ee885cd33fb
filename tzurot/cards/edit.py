"""A card with some of its fields changed; everything else of the file it came from stays."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

from tzurot.cards.read import from_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.cards.card import Card


def edited(card: Card, changed: Mapping[str, str]) -> Card:
    """The card with new texts; lists are given as lines or, for tags, with commas.

    Raises:
        Invalid: the name is empty.

    """
    raw = deepcopy(dict(card.raw)) or {"name": card.name, "description": card.description}
    data = raw.get("data")
    fields = cast("dict[str, Any]", data) if isinstance(data, dict) else raw
    for key, text in changed.items():
        if key == "tags":
            fields[key] = [tag.strip() for tag in text.replace("\n", ",").split(",") if tag.strip()]
        else:
            fields[key] = text.strip()
    return from_object(raw).card
