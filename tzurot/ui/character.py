"""What people see of a character, and what they fill in to make or change one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tzurot.prompt.macros import expand
from tzurot.ui.dashboard import Field, Section
from tzurot.ui.screen import Address, File, Form, Input, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.cards.read import Reading
    from tzurot.tables.characters import Character, CharacterSummary, Face
    from tzurot.ui.screen import Button

SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
CREATE = Form(
    title="A new character",
    address=Address(screen="character-create", verb="save"),
    inputs=(
        Input(name="name", label="Name", required=True, limit=80),
        Input(
            name="description",
            label="Who they are",
            long=True,
            required=True,
            placeholder="What they are, how they talk, what they want.",
        ),
        Input(name="personality", label="Personality, in a line", limit=500),
        Input(name="first_mes", label="Greeting", long=True, limit=2000),
        Input(
            name="mes_example",
            label="Example dialogue",
            long=True,
            placeholder="{{user}}: Hello!\n{{char}}: And who might you be?",
        ),
    ),
)
TEMPLATE: dict[str, Any] = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Their name",
        "description": "{{char}} is … Write who they are, how they talk and what they want.",
        "personality": "three or four words",
        "scenario": "Where {{char}} and {{user}} meet.",
        "first_mes": "What {{char}} says first.",
        "mes_example": "<START>\n{{user}}: Hello!\n{{char}}: And who might you be?",
        "creator_notes": "For people who choose this character; never sent to a model.",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": [],
        "tags": [],
        "creator": "",
        "character_version": "1.0",
        "extensions": {},
    },
}
SECTIONS = (
    Section(
        name="identity",
        label="Identity",
        fields=(
            Field(name="name", label="Name", required=True, limit=80),
            Field(name="nickname", label="Nickname in prompts", limit=80),
            Field(name="description", label="Who they are", long=True),
            Field(name="personality", label="Personality", long=True),
        ),
    ),
    Section(
        name="talk",
        label="Conversation",
        fields=(
            Field(name="scenario", label="Scenario", long=True),
            Field(name="first_mes", label="Greeting", long=True),
            Field(name="mes_example", label="Example dialogue", long=True),
        ),
    ),
    Section(
        name="prompts",
        label="Instructions",
        fields=(
            Field(name="system_prompt", label="System prompt", long=True),
            Field(name="post_history_instructions", label="After the history", long=True),
        ),
    ),
    Section(
        name="about",
        label="About",
        fields=(
            Field(name="creator_notes", label="Notes for people", long=True),
            Field(name="tags", label="Tags, with commas", limit=500),
            Field(name="creator", label="Creator", limit=100),
            Field(name="character_version", label="Version", limit=50),
        ),
    ),
)


def texts_of(character: Character) -> dict[str, str]:
    """The card's fields as the sections name them."""
    card = character.card
    names = [field.name for section in SECTIONS for field in section.fields if field.name != "tags"]
    return {name: getattr(card, name) for name in names} | {"tags": ", ".join(card.tags)}


def picture_of(face: Face | None) -> tuple[File, ...]:
    if face is None:
        return ()
    return (File(name=f"face.{SUFFIXES.get(face.media_type, 'png')}", content=face.content, shown=True),)


def view(
    character: Character, face: Face | None, reader: str, buttons: Sequence[Button], *, definition: bool = False
) -> Screen:
    """A character as anybody may see it: what its author says about it and how it greets whoever reads this.

    Its definition is shown only to those who may change it, and where its owner has opened it.
    """
    card = character.card
    summary = character.summary
    fields = {
        "Greeting": expand(card.first_mes, char=card.spoken_name, user=reader),
        "About": card.creator_notes,
        "Tags": ", ".join(card.tags),
        "By": " · ".join(part for part in (card.creator, card.character_version) if part),
    }
    if definition:
        fields |= {"Who they are": card.description, "Personality": card.personality, "Scenario": card.scenario}
    return Screen(
        title=card.name,
        text=f"Say **@{card.name}** anywhere I can read, or use /chat."
        + ("" if summary.is_public else " Only you can see this character."),
        fields=tuple((name, text) for name, text in fields.items() if text.strip()),
        footer=summary.slug,
        buttons=tuple(buttons),
        files=picture_of(face),
    )


def welcome(summary: CharacterSummary, reading: Reading | None = None) -> Screen:
    """After a character was made or imported: how to talk with it, and what of its card was not understood."""
    fields: tuple[tuple[str, str], ...] = ()
    if reading is not None:
        fields = (
            ("Understood", f"a {reading.version} card with {', '.join(reading.understood) or 'only a name'}"),
            *((("Not used", "\n".join(reading.warnings)),) if reading.warnings else ()),
        )
    return Screen(
        title=f"{summary.name} is here",
        text=f"Say **@{summary.name}** in a channel, or use /chat.",
        fields=fields,
        footer=summary.slug,
    )
