"""Writes cards, strictly: every field of the format is there and of its type, and what a card had besides survives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tzurot.cards import charx, png
from tzurot.cards.decorated import divided
from tzurot.cards.payload import dump, listing, mapping
from tzurot.cards.read import PARKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tzurot.cards.card import Card

Version = Literal[2, 3]
Container = Literal["json", "png", "charx"]
V1_TEXTS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
V2_TEXTS = ("creator_notes", "system_prompt", "post_history_instructions", "creator", "character_version")
V3_ONLY = (
    "nickname", "assets", "creator_notes_multilingual", "source", "group_only_greetings", "creation_date",
    "modification_date",
)  # fmt: skip
DATA_FIELDS = {
    *V1_TEXTS, *V2_TEXTS, *V3_ONLY, "alternate_greetings", "tags", "extensions", "character_book",
}  # fmt: skip
MEDIA_TYPES = {"json": "application/json", "png": "image/png", "charx": "application/zip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file to hand out; `warnings` say what of the card this kind of file cannot hold."""

    name: str
    content: bytes
    media_type: str
    warnings: tuple[str, ...] = ()


def to_object(card: Card, version: Version = 3, *, now: datetime | None = None) -> dict[str, Any]:
    """The card as an object of that version; `now`, where given, becomes V3's date of modification.

    V3's own fields are parked in a V2 card's extensions, where reading finds them again; its entries lose their
    decorators, which V2 would show as text.
    """
    data = _data(card)
    if card.raw.get("spec") == "chara_card_v2":
        parked = mapping(data["extensions"].get(PARKED))
        data = {**data, **parked, "extensions": {k: v for k, v in data["extensions"].items() if k != PARKED}}
    if version == 3:  # noqa: PLR2004
        data.setdefault("group_only_greetings", [])
        data["group_only_greetings"] = _texts(data["group_only_greetings"])
        if now is not None:
            data["modification_date"] = int(now.timestamp())
    else:
        only = {key: data.pop(key) for key in V3_ONLY if key in data}
        only = {key: value for key, value in only.items() if value not in ([], {}, "")}
        if only:
            data["extensions"] = {**data["extensions"], PARKED: only}
    if "character_book" in data:
        data["character_book"] = _book(mapping(data["character_book"]), version)
    rest = {key: value for key, value in card.raw.items() if key not in {"spec", "spec_version", "data"}}
    return {"spec": f"chara_card_v{version}", "spec_version": f"{version}.0", "data": data, **_mirrored(rest, data)}


def export(
    card: Card,
    container: Container,
    *,
    files: Sequence[charx.File] = (),
    picture: bytes | None = None,
    now: datetime | None = None,
) -> Export:
    """The card as a file of that kind; `files` are those it was read with, `picture` its face as PNG.

    A PNG holds it as V2 and as V3, JSON and CHARX as V3.

    Raises:
        Invalid: the picture is no PNG.

    """
    whole = to_object(card, 3, now=now)
    name = "".join(sign for sign in card.name if sign.isalnum() or sign in " -_").strip()[:60] or "character"
    warnings: tuple[str, ...] = ()
    own = [file for file in files if file.path != png.PICTURE and not file.path.startswith("__asset:")]
    if container != "charx" and own:
        warnings = (f"{len(own)} files that came with the card are only in its CHARX export",)
    if container == "png":
        original = next((file.content for file in files if file.path == png.PICTURE), None)
        texts = {"chara": dump(to_object(card, 2)), "ccv3": dump(whole)}
        content = png.write(original or picture or png.plain(), texts)
    elif container == "charx":
        content = charx.write(dump(whole, pretty=True), files)
    else:
        content = dump(whole, pretty=True)
    return Export(name=f"{name}.{container}", content=content, media_type=MEDIA_TYPES[container], warnings=warnings)


def _bare(card: Card) -> dict[str, Any]:
    """A card that was read from nothing, as V2."""
    data: dict[str, Any] = {key: getattr(card, key) for key in (*V1_TEXTS, *V2_TEXTS)}
    data |= {key: list(getattr(card, key)) for key in ("alternate_greetings", "group_only_greetings", "tags", "source")}
    if card.nickname:
        data["nickname"] = card.nickname
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": {**data, "extensions": {}}}


def _data(card: Card) -> dict[str, Any]:
    """Every field of V2, of its type, and whatever else the card's own data holds."""
    raw = card.raw or _bare(card)
    if isinstance(raw.get("spec"), str) and isinstance(raw.get("data"), dict):
        data = dict(mapping(raw["data"]))
    else:
        data = {key: raw[key] for key in raw if key in DATA_FIELDS}
    for key in (*V1_TEXTS, *V2_TEXTS):
        if not isinstance(data.get(key), str):
            data[key] = getattr(card, key)
    for key in ("alternate_greetings", "tags"):
        if not isinstance(data.get(key), list):
            data[key] = list(getattr(card, key))
        data[key] = _texts(data[key])
    data["extensions"] = mapping(data.get("extensions"))
    if "character_book" in data and not isinstance(data["character_book"], dict):
        del data["character_book"]
    return data


def _texts(value: object) -> list[str]:
    return [item for item in listing(value) if isinstance(item, str)]


def _book(book: dict[str, Any], version: Version) -> dict[str, Any]:
    """A lorebook with what the formats require; an object of entries, as world files have it, becomes a list."""
    entries = book.get("entries")
    listed: list[Any] = listing(entries) or list(mapping(entries).values())
    return {
        **book,
        "extensions": mapping(book.get("extensions")),
        "entries": [_entry(entry, version) for entry in map(mapping, listed) if entry],
    }


def _entry(entry: dict[str, Any], version: Version) -> dict[str, Any]:
    content = entry.get("content")
    order = entry.get("insertion_order", entry.get("order", 100))
    whole: dict[str, Any] = {
        **entry,
        "keys": _texts(entry.get("keys", entry.get("key"))),
        "content": content if isinstance(content, str) else "",
        "extensions": mapping(entry.get("extensions")),
        "enabled": entry.get("enabled", not entry.get("disable")) is not False,
        "insertion_order": order if isinstance(order, int | float) else 100,
    }
    if version == 3:  # noqa: PLR2004
        whole["use_regex"] = entry.get("use_regex") is True
    else:
        whole.pop("use_regex", None)
        whole["content"] = divided(whole["content"])[1]
    return whole


def _mirrored(rest: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the data, as some programs repeat the fields of V1 there: those say what the data says."""
    return {key: data[key] if key in V1_TEXTS or key == "tags" else value for key, value in rest.items()}
