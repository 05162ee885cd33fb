"""What people see of a character, and what they fill in to make one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.prompt.macros import expand
from tzurot.ui.screen import Address, File, Form, Input, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.cards.read import Reading
    from tzurot.tables.characters import Character, CharacterSummary, Face
    from tzurot.ui.screen import Button

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


def view(character: Character, face: Face | None, reader: str, buttons: Sequence[Button]) -> Screen:
    """A character as anybody may see it: what its author says about it and how it greets whoever reads this.

    Not its definition: that is its author's to show.
    """
    card = character.card
    summary = character.summary
    fields = {
        "Greeting": expand(card.first_mes, char=card.spoken_name, user=reader),
        "About": card.creator_notes,
        "Tags": ", ".join(card.tags),
        "By": " · ".join(part for part in (card.creator, card.character_version) if part),
    }
    suffix = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
    picture = (
        (File(name=f"face.{suffix.get(face.media_type, 'png')}", content=face.content, shown=True),) if face else ()
    )
    return Screen(
        title=card.name,
        text=f"Say **@{card.name}** anywhere I can read, or use /chat."
        + ("" if summary.is_public else " Only you can see this character."),
        fields=tuple((name, text) for name, text in fields.items() if text.strip()),
        footer=summary.slug,
        buttons=tuple(buttons),
        files=picture,
    )


def welcome(summary: CharacterSummary, reading: Reading | None = None) -> Screen:
    """After a character was made or imported: how to talk with it, and what of its card was not understood."""
    fields: tuple[tuple[str, str], ...] = ()
    if reading is not None:
        understood = [
            name
            for name, text in (
                ("description", reading.card.description),
                ("personality", reading.card.personality),
                ("scenario", reading.card.scenario),
                ("greeting", reading.card.first_mes),
                ("example dialogue", reading.card.mes_example),
                ("system prompt", reading.card.system_prompt),
            )
            if text.strip()
        ]
        fields = (
            ("Understood", f"a {reading.version} card with {', '.join(understood) or 'only a name'}"),
            *((("Not used", "\n".join(reading.warnings)),) if reading.warnings else ()),
        )
    return Screen(
        title=f"{summary.name} is here",
        text=f"Say **@{summary.name}** in a channel, or use /chat.",
        fields=fields,
        footer=summary.slug,
    )
