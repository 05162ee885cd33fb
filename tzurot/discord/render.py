"""Screens as Discord shows them; what is too long for a message is cut where people see that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import hikari
from hikari.impl import MessageActionRowBuilder, ModalActionRowBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.ui.screen import Button, Form, Screen, Style

InteractiveStyle = Literal[
    hikari.ButtonStyle.PRIMARY, hikari.ButtonStyle.SECONDARY, hikari.ButtonStyle.SUCCESS, hikari.ButtonStyle.DANGER
]
TITLE = 256
TEXT = 4096
FIELD_NAME = 256
FIELD = 1024
FIELDS = 25
WHOLE = 6000
LABEL = 80
CHOICE = 100
INPUT_LABEL = 45
COLOUR = hikari.Color(0x6B5BD2)
STYLES: dict[Style, InteractiveStyle] = {
    "plain": hikari.ButtonStyle.SECONDARY,
    "primary": hikari.ButtonStyle.PRIMARY,
    "danger": hikari.ButtonStyle.DANGER,
}


def drawn(screen: Screen) -> dict[str, Any]:
    """The arguments of a response or an edit: embed, components, attachments."""
    files = [hikari.Bytes(file.content, file.name) for file in screen.files if not (file.shown or file.wide)]
    return {
        "content": None,
        "embeds": [_embed(screen)],
        "components": _rows(screen),
        "attachments": files or None,  # None, so that what the screen before had attached goes
    }


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _embed(screen: Screen) -> hikari.Embed:
    embed = hikari.Embed(
        title=cut(screen.title, TITLE) or None, description=cut(screen.text, TEXT) or None, color=COLOUR
    )
    room = WHOLE - embed.total_length() - len(screen.footer)
    for name, value in screen.fields[:FIELDS]:
        shown = cut(value, min(FIELD, max(room - len(name), 1)))
        if not shown.strip() or room < len(name) + 2:
            continue
        embed.add_field(cut(name, FIELD_NAME), shown)
        room -= len(name) + len(shown)
    if screen.footer:
        embed.set_footer(cut(screen.footer, 200))
    for file in screen.files:
        if file.shown:
            embed.set_thumbnail(hikari.Bytes(file.content, file.name))
        elif file.wide:
            embed.set_image(hikari.Bytes(file.content, file.name))
    return embed


def _rows(screen: Screen) -> Sequence[MessageActionRowBuilder]:
    menu: list[MessageActionRowBuilder] = []
    if screen.select is not None:
        row = MessageActionRowBuilder()
        choices = row.add_text_menu(screen.select.address.pack(), placeholder=cut(screen.select.prompt, 150))
        for choice in screen.select.choices:
            choices.add_option(
                cut(choice.label, CHOICE),
                choice.value[:CHOICE],
                description=cut(choice.detail, CHOICE) or hikari.UNDEFINED,
            )
        menu.append(row)
    return [*menu, *rows(screen.buttons)]


def rows(buttons: Sequence[Button]) -> Sequence[MessageActionRowBuilder]:
    """Buttons, five in a row."""
    made: list[MessageActionRowBuilder] = []
    for start in range(0, len(buttons), 5):
        row = MessageActionRowBuilder()
        for button in buttons[start : start + 5]:
            row.add_interactive_button(
                STYLES[button.style],
                button.address.pack(),
                label=cut(button.label, LABEL),
                is_disabled=not button.enabled,
            )
        made.append(row)
    return made


def form_rows(form: Form) -> Sequence[ModalActionRowBuilder]:
    rows: list[ModalActionRowBuilder] = []
    for given in form.inputs:
        row = ModalActionRowBuilder()
        row.add_text_input(
            given.name,
            cut(given.label, INPUT_LABEL),
            style=hikari.TextInputStyle.PARAGRAPH if given.long else hikari.TextInputStyle.SHORT,
            required=given.required,
            max_length=given.limit,
            placeholder=cut(given.placeholder, 100) or hikari.UNDEFINED,
            value=given.value or hikari.UNDEFINED,
        )
        rows.append(row)
    return rows
