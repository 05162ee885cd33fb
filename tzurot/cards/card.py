"""A character as its card describes it: the fields of the V1, V2 and V3 card formats, whatever the file was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPTH_PROMPT_DEPTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A picture or other file that belongs to a card: `kind` is the card's `type`, `uri` says where its bytes are."""

    kind: str
    uri: str
    name: str
    ext: str


DEFAULT_ASSET = Asset(kind="icon", uri="ccdefault:", name="main", ext="png")


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthPrompt:
    """A text that stands `depth` messages before the end of the conversation."""

    text: str
    depth: int = DEPTH_PROMPT_DEPTH
    role: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """`raw` is the object the card was read from, so that nothing of it is lost; prompts use the fields."""

    name: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    first_mes: str = ""
    mes_example: str = ""
    creator_notes: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    alternate_greetings: tuple[str, ...] = ()
    group_only_greetings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    creator: str = ""
    character_version: str = ""
    nickname: str = ""
    source: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = (DEFAULT_ASSET,)
    depth_prompt: DepthPrompt | None = None
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    @property
    def spoken_name(self) -> str:
        """What the character is called in its own prompt: V3's nickname where there is one."""
        return self.nickname or self.name

    @property
    def data(self) -> Mapping[str, Any]:
        """Where the fields stand in `raw`: in V2 and V3 cards under `data`."""
        data: object = self.raw.get("data") if isinstance(self.raw.get("spec"), str) else None
        return cast("Mapping[str, Any]", data) if isinstance(data, dict) else self.raw

    @property
    def extensions(self) -> Mapping[str, Any]:
        """What programs keep in a card for themselves, each under its own key."""
        extensions: object = self.data.get("extensions")
        return cast("Mapping[str, Any]", extensions) if isinstance(extensions, dict) else {}

    @property
    def book(self) -> Mapping[str, Any] | None:
        """The card's own lorebook as it was written; `tzurot.lore.book` reads it."""
        book: object = self.data.get("character_book")
        return cast("Mapping[str, Any]", book) if isinstance(book, dict) else None

    @property
    def regex_scripts(self) -> tuple[Mapping[str, Any], ...]:
        """The card's own regex scripts as they were written; `tzurot.prompt.regex_scripts` reads them."""
        scripts: object = self.extensions.get("regex_scripts")
        listed = cast("list[object]", scripts) if isinstance(scripts, list) else []
        return tuple(cast("Mapping[str, Any]", script) for script in listed if isinstance(script, dict))

    def greetings(self, *, group: bool = False) -> tuple[str, ...]:
        """Every first message there is to choose from, the main one first; in groups also those meant for groups."""
        more = self.group_only_greetings if group else ()
        return tuple(text for text in (self.first_mes, *self.alternate_greetings, *more) if text.strip())

    def notes(self, language: str = "en") -> str:
        """What its creator says about it, in that language (ISO 639-1) or else in English."""
        listed: object = self.data.get("creator_notes_multilingual")
        notes = cast("dict[str, object]", listed) if isinstance(listed, dict) else {}
        for wanted in (language, "en"):
            text = notes.get(wanted)
            if isinstance(text, str):
                return text
        return self.creator_notes
