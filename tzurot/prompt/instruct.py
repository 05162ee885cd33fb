"""Templates for servers that complete text: how turns are marked, and in which order a story is told.

`TEMPLATES` are those of the common model families; people's own come in SillyTavern's files (`read_instruct`,
`read_context`). `completion_prompt` makes of a conversation the text to complete and the strings to stop at.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import regex

from tzurot.lore.patterns import Patience, compiled, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tzurot.lore.decorators import Role

Names = Literal["none", "force", "always"]
LONGEST = 20_000
IF = regex.compile(r"\{\{#(if|unless) (\w+)\}\}((?:(?!\{\{#(?:if|unless) ).)*?)\{\{/\1\}\}", regex.DOTALL)
ELSE = "{{else}}"
PLACE = regex.compile("\ue000(\\d{1,4})\ue001")
DEEPEST = 10
# what a template's field is called in its file
FIELDS = {
    "user": "input_sequence", "assistant": "output_sequence", "system": "system_sequence", "user_end": "input_suffix",
    "assistant_end": "output_suffix", "system_end": "system_suffix", "first_user": "first_input_sequence",
    "last_user": "last_input_sequence", "first_assistant": "first_output_sequence",
    "last_assistant": "last_output_sequence", "last_system": "last_system_sequence", "stop": "stop_sequence",
    "story_start": "system_sequence_prefix", "story_end": "system_sequence_suffix",
    "alignment": "user_alignment_message", "activation": "activation_regex", "name": "name",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruct:
    """The marks around each side's turns; `first_` and `last_` ones take their place where they are not empty.

    `wrap` puts line breaks between marks and words, `names` says whether turns begin with a name (`force`: only where
    there are more than two speakers), `alignment` is said by the person where a story begins with the character, and
    `activation` is a pattern over the names of models that this template is for.
    """

    name: str = ""
    user: str = ""
    assistant: str = ""
    system: str = ""
    user_end: str = ""
    assistant_end: str = ""
    system_end: str = ""
    first_user: str = ""
    last_user: str = ""
    first_assistant: str = ""
    last_assistant: str = ""
    last_system: str = ""
    stop: str = ""
    story_start: str = ""
    story_end: str = ""
    alignment: str = ""
    activation: str = ""
    wrap: bool = False
    names: Names = "none"
    system_as_user: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The order of a story, in Handlebars (`{{#if description}}…{{/if}}`), and what stands before the conversation."""

    name: str = ""
    story: str = "{{#if system}}{{system}}{{/if}}"
    example_separator: str = ""
    chat_start: str = ""
    stops_at_separators: bool = False
    stops_at_names: bool = False
    forces_name: bool = True
    single_line: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One turn of the conversation."""

    role: Role
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPrompt:
    """A text for a model to go on with, and where it is to stop."""

    text: str
    stops: tuple[str, ...]


def _chatml(name: str, start: str, end: str, model: str, *, system: str = "system") -> Instruct:
    return Instruct(
        name=name, user=f"{start}user", assistant=f"{start}{model}", system=f"{start}{system}", user_end=f"{end}\n",
        assistant_end=f"{end}\n", system_end=f"{end}\n", stop=end, wrap=True, system_as_user=system == "user",
    )  # fmt: skip


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def _token(role: str) -> str:
    return f"<|START_OF_TURN_TOKEN|><|{role}_TOKEN|>"


TEMPLATES: dict[str, Instruct] = {
    template.name: template
    for template in (
        _chatml("ChatML", "<|im_start|>", "<|im_end|>", "assistant"),
        _chatml("Gemma", "<start_of_turn>", "<end_of_turn>", "model", system="user"),
        Instruct(
            name="Llama 3", user=_header("user"), assistant=_header("assistant"), system=_header("system"),
            user_end="<|eot_id|>", assistant_end="<|eot_id|>", system_end="<|eot_id|>", stop="<|eot_id|>",
        ),
        Instruct(
            name="Mistral", user="[INST]", user_end="[/INST]", assistant_end="</s>", stop="</s>", system_as_user=True,
        ),
        Instruct(
            name="Vicuna", user="USER: ", assistant="ASSISTANT: ", user_end="\n", assistant_end="</s>\n",
            system_end="\n\n", stop="</s>",
        ),
        Instruct(
            name="Alpaca", user="### Instruction:", assistant="### Response:", user_end="\n\n", assistant_end="\n\n",
            system_end="\n\n", wrap=True,
        ),
        Instruct(
            name="Command R", user=_token("USER"), assistant=_token("CHATBOT"), system=_token("SYSTEM"),
            user_end="<|END_OF_TURN_TOKEN|>", assistant_end="<|END_OF_TURN_TOKEN|>",
            system_end="<|END_OF_TURN_TOKEN|>", stop="<|END_OF_TURN_TOKEN|>",
        ),
    )
}  # fmt: skip


def read_instruct(raw: Mapping[str, Any]) -> Instruct:
    """A template from SillyTavern's file; what is missing is empty."""
    names = raw.get("names_behavior")
    known: Names = "always" if names == "always" else "force" if names == "force" else "none"
    texts = {name: _text(raw.get(key)) for name, key in FIELDS.items()}
    return Instruct(
        **texts,  # pyright: ignore[reportArgumentType]
        wrap=raw.get("wrap") is True,
        names=known,
        system_as_user=raw.get("system_same_as_user") is True,
        raw=raw,
    )


def instruct_object(template: Instruct) -> dict[str, Any]:
    """The template as its file has it."""
    texts = {key: getattr(template, name) for name, key in FIELDS.items()}
    return {
        **template.raw, **texts, "wrap": template.wrap, "names_behavior": template.names,
        "system_same_as_user": template.system_as_user,
    }  # fmt: skip


def read_context(raw: Mapping[str, Any]) -> Context:
    """The order of a story from SillyTavern's file."""
    return Context(
        name=_text(raw.get("name")),
        story=_text(raw.get("story_string")),
        example_separator=_text(raw.get("example_separator")),
        chat_start=_text(raw.get("chat_start")),
        stops_at_separators=raw.get("use_stop_strings") is True,
        stops_at_names=raw.get("names_as_stop_strings") is True,
        forces_name=raw.get("always_force_name2") is not False,
        single_line=raw.get("single_line") is True,
        raw=raw,
    )


def context_object(context: Context) -> dict[str, Any]:
    """The order of a story as its file has it."""
    return {
        "names_as_stop_strings": context.stops_at_names, **context.raw, "name": context.name,
        "story_string": context.story, "example_separator": context.example_separator,
        "chat_start": context.chat_start, "use_stop_strings": context.stops_at_separators,
        "always_force_name2": context.forces_name, "single_line": context.single_line,
    }  # fmt: skip


def _text(value: object) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def story(context: Context, values: Mapping[str, str], expand: Callable[[str], str]) -> str:
    """The story that a template tells of these texts: system, description, personality, scenario, persona, wiBefore, …

    The texts themselves are taken as they are: conditions and macros are only looked for in the template.
    """
    text = context.story
    for _ in range(DEEPEST):
        before, text = text, IF.sub(lambda match: _branch(match, values), text)
        if text == before:
            break
    # signs of the private area hold the places of the texts while macros are expanded around them
    names = list(values)
    for number, name in enumerate(names):
        text = text.replace(f"{{{{{name}}}}}", f"\ue000{number}\ue001")
    return PLACE.sub(lambda place: values[names[int(place[1])]] if int(place[1]) < len(names) else "", expand(text))


def _branch(match: regex.Match[str], values: Mapping[str, str]) -> str:
    yes, _, no = match[3].partition(ELSE)
    holds = bool(values.get(match[2], "").strip()) is (match[1] == "if")
    return yes if holds else no


def completion_prompt(
    template: Instruct,
    turns: Sequence[Said],
    *,
    character: str,
    user: str,
    told: str = "",
    context: Context | None = None,
) -> TextPrompt:
    """The text that the character goes on with: the story as it was `told`, then turn after turn, then its mark."""
    context = context or Context()
    separator = "\n" if template.wrap else ""
    several = len({turn.name for turn in turns if turn.role != "system"}) > 2  # noqa: PLR2004 - a talk of two
    named = template.names == "always" or (template.names == "force" and several)
    first = next((turn.role for turn in turns if turn.role != "system"), "user")
    if first == "assistant" and template.alignment:
        turns = [Said(role="user", name=user, text=template.alignment), *turns]
    if template.system_as_user:
        turns = _one_side(turns, user)
    text = _opening(template, context, told)
    last_user = max((n for n, turn in enumerate(turns) if turn.role == "user"), default=-1)
    seen: set[Role] = set()
    for number, turn in enumerate(turns):
        mark = _mark(template, turn.role, is_first=turn.role not in seen, is_last=number == last_user)
        seen.add(turn.role)
        words = turn.text.replace("\n", " ") if context.single_line else turn.text
        words = f"{turn.name}: {words}" if named and turn.role != "system" else words
        end = {"user": template.user_end, "assistant": template.assistant_end, "system": template.system_end}[turn.role]
        text += (f"{mark}{separator}" if mark else "") + words + (end or separator)
    text += (template.last_assistant or template.assistant) + separator
    if named:
        text += f"{character}:"
    return TextPrompt(text=text, stops=_stops(template, context, user))


def _opening(template: Instruct, context: Context, told: str) -> str:
    """The story between its marks, and what begins the conversation."""
    separator = "\n" if template.wrap else ""
    before = f"{template.story_start}{separator}" if template.story_start else ""
    after = f"{separator}{template.story_end}" if template.story_end else ""
    pieces = [f"{before}{told.rstrip()}{after}" if told else "", context.chat_start]
    return "".join(piece if piece.endswith((">", "\n")) else f"{piece}\n" for piece in pieces if piece)


def _one_side(turns: Sequence[Said], user: str) -> list[Said]:
    """The system's words as the person's, in one turn with what the person says next to them."""
    merged: list[Said] = []
    for turn in turns:
        role: Role = "assistant" if turn.role == "assistant" else "user"
        if merged and merged[-1].role == role:
            last = merged.pop()
            merged.append(replace(last, text=f"{last.text}\n\n{turn.text}"))
        else:
            merged.append(replace(turn, role=role, name=user if turn.role == "system" else turn.name))
    return merged


def _mark(template: Instruct, role: Role, *, is_first: bool, is_last: bool) -> str:
    if role == "assistant":
        return (template.first_assistant if is_first else "") or template.assistant
    if role == "system":
        return template.system
    return (template.last_user if is_last else "") or (template.first_user if is_first else "") or template.user


def is_for(template: Instruct, model: str) -> bool:
    """Whether a template names a model as one of its own."""
    pattern = (literal(template.activation) or compiled(template.activation, "i")) if template.activation else None
    return pattern is not None and pattern.found_in(model, Patience())


def _stops(template: Instruct, context: Context, user: str) -> tuple[str, ...]:
    """Where the model would speak for somebody else: the marks of others' turns, names, separators."""
    marks = [template.stop, template.user, template.system, template.first_user, template.last_user]
    if context.stops_at_names or not template.user:
        marks.append(f"\n{user}:")
    if context.stops_at_separators:
        marks += [context.chat_start, context.example_separator]
    return tuple(dict.fromkeys(mark.strip(" ") for mark in marks if mark.strip()))
