"""Reads a card from JSON, leniently: V1 (flat), V2 and V3 (`spec` and `data`), and what upstream tools made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import orjson

from tzurot.cards.card import Card
from tzurot.errors import Invalid

MAX_BYTES = 4 * 1024 * 1024
TEXT_LIMIT = 200_000
NAME_LIMIT = 255
TEXTS = (
    "description", "personality", "scenario", "first_mes", "mes_example", "creator_notes", "system_prompt",
    "post_history_instructions", "creator", "character_version", "nickname",
)  # fmt: skip
LISTS = ("alternate_greetings", "tags")
SPECS = {"chara_card_v2": "V2", "chara_card_v3": "V3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A card, the format it came in, and what was found in it that could not be used."""

    card: Card
    version: str
    warnings: tuple[str, ...] = ()


def read_json(content: bytes) -> Reading:
    """Read the bytes of a JSON card.

    Raises:
        Invalid: too large, not JSON, not a card, or without a name; the sentence says which.

    """
    if len(content) > MAX_BYTES:
        raise Invalid(
            "card.too_large",
            f"That card is {len(content) // 1024} KiB; cards of up to {MAX_BYTES // 1024} KiB are read.",
            "Export it again without embedded pictures or sounds.",
        )
    try:
        parsed: object = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise Invalid(
            "card.not_json",
            f"That file is not a JSON card: {error.msg} (line {error.lineno}).",
            "Export the card as JSON from the program that made it and import that file.",
        ) from None
    if not isinstance(parsed, dict):
        raise Invalid("card.not_object", "That file is JSON, but not a character card.", "A card is one JSON object.")
    return from_object(cast("dict[str, Any]", parsed))


def from_object(raw: dict[str, Any]) -> Reading:
    """The card in a parsed JSON object; see `read_json` for what it raises."""
    spec = raw.get("spec")
    data: object = raw.get("data")
    warnings: list[str] = []
    if isinstance(spec, str) and spec in SPECS:
        version = SPECS[spec]
        if not isinstance(data, dict):
            raise Invalid(
                "card.no_data", f"That card says {spec} but has no data.", "Export it again from its program."
            )
        fields = cast("dict[str, Any]", data)
    elif isinstance(data, dict):
        raise Invalid(
            "card.no_spec",
            "That card has data, but does not say which card format it is.",
            'Its "spec" must be "chara_card_v2" or "chara_card_v3".',
        )
    else:
        version, fields = "V1", raw
        if spec is not None:
            warnings.append(f"unknown spec {str(spec)[:40]!r}: read as a V1 card")
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Invalid("card.no_name", "That card has no name.", 'Give it a "name" and import it again.')
    if len(name) > NAME_LIMIT:
        warnings.append(f"the name was cut to {NAME_LIMIT} characters")
    texts = {key: _text(fields, key, warnings) for key in TEXTS}
    lists = {key: _texts(fields, key, warnings) for key in LISTS}
    card = Card(name=name.strip()[:NAME_LIMIT], **texts, **lists, raw=raw)  # pyright: ignore[reportArgumentType]
    if fields.get("character_book"):
        warnings.append("its lorebook is kept, but not used yet")
    return Reading(card=card, version=version, warnings=tuple(warnings))


def _text(fields: dict[str, Any], key: str, warnings: list[str]) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        warnings.append(f"{key} is not a text and was left out")
        return ""
    if len(value) > TEXT_LIMIT:
        warnings.append(f"{key} was cut to {TEXT_LIMIT} characters")
    return value[:TEXT_LIMIT]


def _texts(fields: dict[str, Any], key: str, warnings: list[str]) -> tuple[str, ...]:
    value = fields.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        warnings.append(f"{key} is not a list and was left out")
        return ()
    return tuple(item[:TEXT_LIMIT] for item in cast("list[object]", value) if isinstance(item, str))
