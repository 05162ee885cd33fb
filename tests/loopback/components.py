"""Message components: what Discord fills in, what it refuses, and which of them a person can use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.loopback.refusals import bad_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.loopback.model import Json

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = {3, 5, 6, 7, 8}
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
LINK = 5
PREMIUM = 6


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, parents first, in the order a reader meets them."""
    for one in components:
        yield one
        yield from walk(one.get("components") or [])
        if one.get("accessory"):
            yield from walk([one["accessory"]])
        if one.get("component"):
            yield from walk([one["component"]])


def interactive(components: list[Json]) -> list[Json]:
    """What can be pressed, picked or filled in."""
    return [one for one in walk(components) if one.get("custom_id") and one["type"] != LINK]


def find(components: list[Json], custom_id: str) -> Json:
    for one in interactive(components):
        if one["custom_id"] == custom_id:
            return one
    there = [one["custom_id"] for one in interactive(components)]
    raise LookupError(f"no component {custom_id!r} there; there are {there}")


def refuse_bad(components: list[Json]) -> None:
    """The rules that the OpenAPI file does not carry."""
    seen: set[str] = set()
    for one in walk(components):
        custom_id = one.get("custom_id")
        if custom_id is not None:
            if custom_id in seen:
                raise bad_field(
                    "components",
                    "COMPONENT_CUSTOM_ID_DUPLICATED",
                    f"Component custom id {custom_id!r} cannot be duplicated",
                )
            seen.add(custom_id)
        if one["type"] == BUTTON:
            _refuse_bad_button(one)
        if one["type"] == ROW:
            _refuse_bad_row(one)
        if one["type"] == STRING_SELECT:
            _refuse_bad_select(one)
    if sum(1 for _ in walk(components)) > 40:
        raise bad_field("components", "BASE_TYPE_BAD_LENGTH", "Must be 40 or fewer components in total")


def _refuse_bad_button(button: Json) -> None:
    link, custom_id, style = button.get("url"), button.get("custom_id"), button["style"]
    if style == LINK and (custom_id or not link):
        raise bad_field("components", "BUTTON_COMPONENT_INVALID", "A link button has a url and no custom_id")
    if style not in {LINK, PREMIUM} and (link or not custom_id):
        raise bad_field("components", "BUTTON_COMPONENT_INVALID", "A button has a custom_id and no url")
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        raise bad_field("components", "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")


def _refuse_bad_row(row: Json) -> None:
    kinds = [one["type"] for one in row.get("components", ())]
    if not kinds:
        raise bad_field("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if any(kind in SELECTS or kind == TEXT_INPUT for kind in kinds) and len(kinds) > 1:
        raise bad_field(
            "components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _refuse_bad_select(select: Json) -> None:
    values = [one["value"] for one in select.get("options", ())]
    if not values:
        raise bad_field("components", "BASE_TYPE_REQUIRED", "A string select needs options")
    if len(set(values)) != len(values):
        raise bad_field(
            "components",
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "The specified option value is already used",
        )
    if (select.get("max_values") or 1) > len(values):
        raise bad_field("components", "BASE_TYPE_MAX", f"max_values above the {len(values)} options")


def echoed(components: list[Json], attachment: Callable[[str], Json]) -> list[Json]:
    """The components as they come back: numbered, with defaults, media resolved, nothing null.

    `attachment` turns a media address (also `attachment://name`) into the media Discord shows.
    """
    counter = iter(range(1, 1_000))
    used = {one["id"] for one in walk(components) if one.get("id")}

    def number() -> int:
        return next(n for n in counter if n not in used)

    return [_echoed(one, number, attachment) for one in components]


KNOWN = frozenset(
    {
        *("type", "id", "custom_id", "label", "style", "emoji", "url", "disabled", "sku_id", "options"),
        *("placeholder", "min_values", "max_values", "default_values", "channel_types", "components"),
        *("accessory", "content", "media", "description", "spoiler", "items", "accent_color", "file", "name"),
        *("size", "divider", "spacing", "value", "required", "min_length", "max_length", "component"),
    }
)
DEFAULTS: dict[int, Json] = {
    BUTTON: {"disabled": False},
    TEXT_INPUT: {"label": None, "min_length": None, "max_length": None},
    SEPARATOR: {"divider": True, "spacing": 1},
    CONTAINER: {"accent_color": None, "spoiler": False},
    THUMBNAIL: {"description": None, "spoiler": False},
    FILE: {"spoiler": False, "name": None, "size": None},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}


def _echoed(one: Json, number: Callable[[], int], media: Callable[[str], Json]) -> Json:
    back: Json = {key: value for key, value in one.items() if value is not None and key in KNOWN}
    back["id"] = back.get("id") or number()
    for key, value in DEFAULTS.get(one["type"], {}).items():
        back.setdefault(key, value)
    if "components" in back:
        back["components"] = [_echoed(child, number, media) for child in back["components"]]
    for nested in ("accessory", "component"):
        if nested in back:
            back[nested] = _echoed(back[nested], number, media)
    for picture in ("media", "file"):
        if picture in back:
            back[picture] = media(back[picture]["url"])
    if "items" in back:
        back["items"] = [
            {
                "media": media(item["media"]["url"]),
                "description": item.get("description"),
                "spoiler": bool(item.get("spoiler")),
            }
            for item in back["items"]
        ]
    if "options" in back:
        back["options"] = [_without_nulls(option) for option in back["options"]]
    if "emoji" in back:
        back["emoji"] = _without_nulls(back["emoji"])
        back["emoji"].setdefault("name", "emoji")
    return back


def _without_nulls(shape: Json) -> Json:
    return {key: value for key, value in shape.items() if value is not None}


def fingerprint(data: bytes | str) -> str:
    """A hash as Discord names pictures."""
    raw = data.encode() if isinstance(data, str) else data
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


def texts(components: list[Json]) -> list[str]:
    """The words in Components V2, for a reader."""
    return [str(one["content"]) for one in walk(components) if one["type"] == TEXT]


def any_v2(components: list[Json]) -> bool:
    return any(one["type"] not in {ROW, BUTTON, TEXT_INPUT, *SELECTS} for one in walk(components))
