"""SillyTavern's chat-completion presets: samplers, and prompts in an order, as parameters of a turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tzurot.cards.payload import listing, mapping, parse
from tzurot.errors import Invalid
from tzurot.prompt.notes import NOTE_DEPTH, Insertion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.lore.decorators import Role

MAX_PROMPTS = 500
HISTORY = "chatHistory"
OWN_ORDER = ("100001", "100000")  # the order that is for every character; the second is what older versions wrote
# name in the file: name in a request, and the value that switches it off
SAMPLERS: dict[str, tuple[str, float | None]] = {
    "temperature": ("temperature", None), "top_p": ("top_p", 1), "top_k": ("top_k", 0), "top_a": ("top_a", 0),
    "min_p": ("min_p", 0), "frequency_penalty": ("frequency_penalty", 0), "presence_penalty": ("presence_penalty", 0),
    "repetition_penalty": ("repetition_penalty", 1), "seed": ("seed", -1),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEntry:
    """One prompt of a preset; a marker stands for a part that the card or the conversation brings."""

    identifier: str
    name: str = ""
    role: Role = "system"
    content: str = ""
    is_marker: bool = False
    enabled: bool = True
    depth: int | None = None
    forbids_overrides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """`prompts` stand in the preset's order; what is switched off is among them."""

    name: str = ""
    samplers: Mapping[str, float] = field(default_factory=dict[str, float])
    context_tokens: int | None = None
    reply_tokens: int | None = None
    prompts: tuple[PromptEntry, ...] = ()
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    @property
    def system_prompt(self) -> str:
        """What stands before the conversation."""
        return "\n\n".join(self._relative(before=True))

    @property
    def post_history(self) -> str:
        """What stands after it."""
        return "\n\n".join(self._relative(before=False))

    @property
    def insertions(self) -> tuple[Insertion, ...]:
        """What stands within it."""
        return tuple(
            Insertion(text=prompt.content, depth=prompt.depth, role=prompt.role)
            for prompt in self._said()
            if prompt.depth is not None
        )

    def _said(self) -> list[PromptEntry]:
        return [p for p in self.prompts if p.enabled and not p.is_marker and p.content.strip()]

    def _relative(self, *, before: bool) -> list[str]:
        names = [prompt.identifier for prompt in self.prompts]
        history = names.index(HISTORY) if HISTORY in names else len(names)
        said = {id(prompt) for prompt in self._said() if prompt.depth is None}
        part = self.prompts[:history] if before else self.prompts[history:]
        return [prompt.content.strip() for prompt in part if id(prompt) in said]


def read_preset(content: bytes, name: str = "") -> Preset:
    """Read a preset from a JSON file; `name` is what it is called where the file does not say.

    Raises:
        Invalid: not JSON, or not a preset.

    """
    return preset_of(parse(content, what="preset"), name)


def preset_of(raw: Mapping[str, Any], name: str = "") -> Preset:
    """The preset in a parsed object.

    Raises:
        Invalid: there is nothing of a preset in it.

    """
    own = mapping(raw.get("preset_settings"))  # TavernKit's
    figures = {**raw, **mapping(raw.get("generation_settings"))}
    samplers = {
        sent: figures[key]
        for key, (sent, off) in SAMPLERS.items()
        if isinstance(figures.get(key), int | float) and not isinstance(figures[key], bool) and figures[key] != off
    }
    prompts, warnings = _prompts(raw)
    if own:
        prompts = [
            PromptEntry(identifier=identifier, content=own[key])
            for identifier, key in (("main", "main_prompt"), ("jailbreak", "post_history_instructions"))
            if isinstance(own.get(key), str)
        ]
        prompts.insert(1, PromptEntry(identifier=HISTORY, is_marker=True))
    if not samplers and not prompts:
        raise Invalid(
            "preset.unknown", "That file is not a preset.", "Export it from the chat-completion presets of SillyTavern."
        )
    return Preset(
        name=raw["name"] if isinstance(raw.get("name"), str) else name,
        samplers=samplers,
        context_tokens=_tokens(figures, "openai_max_context", "max_context_tokens"),
        reply_tokens=_tokens(figures, "openai_max_tokens", "max_response_tokens"),
        prompts=tuple(prompts),
        warnings=tuple(warnings),
        raw=raw,
    )


def _tokens(figures: Mapping[str, Any], *keys: str) -> int | None:
    values = [figures[key] for key in keys if isinstance(figures.get(key), int) and figures[key] > 0]
    return int(values[0]) if values else None


def _prompts(raw: Mapping[str, Any]) -> tuple[list[PromptEntry], list[str]]:
    """The prompts in the order that is for every character; those it does not name are left out, with a warning."""
    known = {
        str(prompt["identifier"]): prompt
        for prompt in map(mapping, listing(raw.get("prompts"))[:MAX_PROMPTS])
        if "identifier" in prompt
    }
    given = [mapping(each) for each in listing(raw.get("prompt_order"))[:MAX_PROMPTS]]
    orders = {str(each.get("character_id")): listing(each.get("order")) for each in given}
    order = next((orders[owner] for owner in OWN_ORDER if orders.get(owner)), next(iter(orders.values()), None))
    if order is None:
        return [_entry(prompt, enabled=True) for prompt in known.values()], []
    listed = [mapping(step) for step in order[:MAX_PROMPTS]]
    prompts = [
        _entry(known[str(step.get("identifier"))], enabled=step.get("enabled") is not False)
        for step in listed
        if str(step.get("identifier")) in known
    ]
    left = len(known.keys() - {prompt.identifier for prompt in prompts})
    return prompts, [f"{left} of its prompts are not in its order and are not used"] if left else []


def _entry(raw: dict[str, Any], *, enabled: bool) -> PromptEntry:
    content, role, depth = raw.get("content"), raw.get("role"), raw.get("injection_depth", NOTE_DEPTH)
    return PromptEntry(
        identifier=str(raw["identifier"]),
        name=str(raw.get("name", "")),
        role="user" if role == "user" else "assistant" if role == "assistant" else "system",
        content=content if isinstance(content, str) else "",
        is_marker=raw.get("marker") is True,
        enabled=enabled,
        depth=max(0, depth) if raw.get("injection_position") == 1 and isinstance(depth, int) else None,
        forbids_overrides=raw.get("forbid_overrides") is True,
    )
