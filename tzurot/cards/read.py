"""Reads cards, leniently: V1 (flat), V2 and V3 (`spec` and `data`) as JSON, in a PNG or in a CHARX archive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from tzurot.cards import charx, png
from tzurot.cards.card import DEFAULT_ASSET, DEPTH_PROMPT_DEPTH, Asset, Card, DepthPrompt
from tzurot.cards.payload import TEXT_BYTES, listing, mapping, parse
from tzurot.errors import Invalid

MAX_BYTES = TEXT_BYTES
FILE_BYTES = 24 * 1024 * 1024
TEXT_LIMIT = 200_000
NAME_LIMIT = 255
LIST_LIMIT = 1000
TEXTS = (
    "description", "personality", "scenario", "first_mes", "mes_example", "creator_notes", "system_prompt",
    "post_history_instructions", "creator", "character_version", "nickname",
)  # fmt: skip
LISTS = ("alternate_greetings", "group_only_greetings", "tags", "source")
SPECS = {"chara_card_v2": "V2", "chara_card_v3": "V3"}
KNOWN_VERSION = 3.0
PARKED = "tzurot/v3"
ROLES = ("system", "user", "assistant")
FOUND = {
    "description": "description", "personality": "personality", "scenario": "scenario", "first_mes": "greeting",
    "mes_example": "example dialogue", "system_prompt": "system prompt",
    "post_history_instructions": "instructions after the history", "creator_notes": "creator's notes",
    "nickname": "nickname",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A card and how it was read.

    `version` is the format it came in, `container` the kind of file; `understood` names what of it is used, `warnings`
    are sentences about what is not. `files` is what came with it, by path: a picture, sounds, data of other programs.
    """

    card: Card
    version: str
    container: str = "json"
    understood: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[charx.File, ...] = ()

    def content_of(self, asset: Asset) -> bytes | None:
        """The bytes of an asset that came with the card."""
        return charx.content_of(asset, self.files)

    @property
    def picture(self) -> bytes | None:
        """The character's face where one came with the card: the PNG itself, else the main icon."""
        return charx.picture(self.card.assets, self.files)


def read_card(content: bytes) -> Reading:
    """Read a card from a file of any of the formats; its first bytes say which.

    Bounded in time and memory whatever the file holds.

    Raises:
        Invalid: too large, damaged, or not a card; the sentence says which.

    """
    if len(content) > FILE_BYTES:
        raise Invalid(
            "card.too_large",
            f"That file is {len(content) // 2**20} MiB; cards of up to {FILE_BYTES // 2**20} MiB are read.",
            "Export it again with a smaller picture or fewer assets.",
        )
    if content.startswith(png.SIGNATURE):
        found = png.read(content)
        reading = replace(from_object(parse(found.payload)), container="png")
    elif charx.is_archive(content):
        found = charx.read(content)
        reading = replace(from_object(parse(found.payload)), container="charx")
        if reading.version == "V1":
            raise Invalid(
                "card.no_spec", "The card.json in that archive does not say its format.", "Export it again as CHARX."
            )
    elif content.startswith((b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")):
        raise Invalid(
            "card.not_png", "That is a picture, but not a PNG with a card in it.", "Export the card as PNG or JSON."
        )
    else:
        return read_json(content)
    return replace(reading, files=found.files, warnings=(*found.warnings, *reading.warnings))


def read_json(content: bytes) -> Reading:
    """Read the bytes of a JSON card.

    Raises:
        Invalid: too large, not JSON, not a card, or without a name; the sentence says which.

    """
    return from_object(parse(content))


def from_object(raw: dict[str, Any]) -> Reading:
    """The card in a parsed JSON object; see `read_json` for what it raises."""
    warnings: list[str] = []
    version, fields = _version(raw, warnings)
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Invalid("card.no_name", "That card has no name.", 'Give it a "name" and import it again.')
    if len(name) > NAME_LIMIT:
        warnings.append(f"the name was cut to {NAME_LIMIT} characters")
    if version == "V2":  # what only V3 has was parked there when this card was written as V2
        fields = {**fields, **mapping(mapping(fields.get("extensions")).get(PARKED))}
    texts = {key: _text(fields, key, warnings) for key in TEXTS}
    lists = {key: _texts(fields, key, warnings) for key in LISTS}
    card = Card(
        name=name.strip()[:NAME_LIMIT],
        **texts,  # pyright: ignore[reportArgumentType]
        **lists,  # pyright: ignore[reportArgumentType]
        assets=_assets(fields, warnings),
        depth_prompt=_depth_prompt(mapping(mapping(fields.get("extensions")).get("depth_prompt"))),
        raw=raw,
    )
    return Reading(card=card, version=version, understood=_understood(card), warnings=tuple(warnings))


def _version(raw: dict[str, Any], warnings: list[str]) -> tuple[str, dict[str, Any]]:
    spec = raw.get("spec")
    data: object = raw.get("data")
    if isinstance(spec, str) and spec in SPECS:
        if not isinstance(data, dict):
            raise Invalid(
                "card.no_data", f"That card says {spec} but has no data.", "Export it again from its program."
            )
        if spec == "chara_card_v3" and _number(raw.get("spec_version")) > KNOWN_VERSION:
            warnings.append(f"it is of a newer version ({raw.get('spec_version')}) than is known: read as V3")
        return SPECS[spec], cast("dict[str, Any]", data)
    if isinstance(data, dict):
        code, said = ("no_spec", "does not say which card format it is") if spec is None else (
            "unknown_spec", f"says it is of the format {str(spec)[:40]!r}, which is unknown")  # fmt: skip
        raise Invalid(
            f"card.{code}",
            f"That card has data, but {said}.",
            'Its "spec" must be "chara_card_v2" or "chara_card_v3".',
        )
    if spec is not None:
        warnings.append(f"unknown spec {str(spec)[:40]!r}: read as a V1 card")
    return "V1", raw


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0.0


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
    if isinstance(value, str) and key == "tags":
        value = [tag.strip() for tag in value.split(",") if tag.strip()]
    items = listing(value)
    if not items and value not in (None, []):
        warnings.append(f"{key} is not a list and was left out")
    if len(items) > LIST_LIMIT:
        warnings.append(f"of {key} the first {LIST_LIMIT} are used")
    return tuple(item[:TEXT_LIMIT] for item in items[:LIST_LIMIT] if isinstance(item, str))


def _assets(fields: dict[str, Any], warnings: list[str]) -> tuple[Asset, ...]:
    value = fields.get("assets")
    listed = listing(value)
    if not listed and value != []:
        if value is not None:
            warnings.append("assets is not a list and was left out")
        return (DEFAULT_ASSET,)
    assets = [_asset(each) for each in map(mapping, listed[:LIST_LIMIT]) if isinstance(each.get("uri"), str)]
    if len(assets) < len(listed):
        warnings.append(f"{len(listed) - len(assets)} assets could not be used")
    return tuple(assets)


def _asset(asset: dict[str, Any]) -> Asset:
    ext = str(asset.get("ext", "unknown")).lower().removeprefix(".")
    return Asset(kind=str(asset.get("type", "")), uri=asset["uri"], name=str(asset.get("name", "")), ext=ext)


def _depth_prompt(prompt: dict[str, Any]) -> DepthPrompt | None:
    text = prompt.get("prompt")
    if not isinstance(text, str) or not text.strip():
        return None
    role = prompt.get("role")
    depth = prompt.get("depth", DEPTH_PROMPT_DEPTH)
    return DepthPrompt(
        text=text[:TEXT_LIMIT],
        depth=min(max(int(_number(depth)), 0), 10_000),
        role=role if isinstance(role, str) and role in ROLES else "system",
    )


def _understood(card: Card) -> tuple[str, ...]:
    understood = [title for key, title in FOUND.items() if getattr(card, key).strip()]
    entries = (card.book or {}).get("entries")
    counted = (
        (len(card.alternate_greetings), "alternate greeting"),
        (len(card.group_only_greetings), "greeting for groups"),
        (len(listing(entries) or mapping(entries)), "lorebook entry"),
        (len(card.regex_scripts), "regex script"),
        (int(card.depth_prompt is not None), "prompt at a depth"),
        (len(card.tags), "tag"),
    )
    for count, title in counted:
        plural = {"lorebook entry": "lorebook entries", "greeting for groups": "greetings for groups"}
        if count:
            understood.append(f"{count} {title if count == 1 else plural.get(title, title + 's')}")
    return tuple(understood)
