"""What somebody edits, declared once: its fields in sections, each a form, and what else can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.errors import Invalid
from tzurot.ui.screen import FILL, Address, Answer, Button, Choice, Form, Input, Press, Screen, Select, stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tzurot.ui.screen import File
    from tzurot.ui.viewer import Viewer

FORM_LIMIT = 4000
GLIMPSE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A text of at most `limit` characters."""

    name: str
    label: str
    limit: int = FORM_LIMIT
    long: bool = False
    required: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Up to five fields that are edited together."""

    name: str
    label: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One subject as it is now: the text of each field by its name."""

    title: str
    values: Mapping[str, str]
    note: str = ""
    footer: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button beside the fields. `act(viewer, subject)` gives the screen it leads to, or None to stay here."""

    name: str
    label: str
    act: Callable[[Viewer, str], Awaitable[Screen | None]]
    danger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """`load(viewer, subject)` and `save(viewer, subject, changed)` check the viewer's right; a form is opened and saved
    by whoever presses, with an id that can be forged. Where saving makes another subject of it, `save` returns that.
    """

    key: str
    sections: tuple[Section, ...]
    load: Callable[[Viewer, str], Awaitable[Sheet]]
    save: Callable[[Viewer, str, Mapping[str, str]], Awaitable[str | None]]
    actions: tuple[Action, ...] = ()

    async def show(self, viewer: Viewer, subject: str, *more: Button) -> Screen:
        """The whole sheet with what leads on from it; a text that is long is shown by its beginning."""
        sheet = await self.load(viewer, subject)
        owner = viewer.front_id
        return Screen(
            title=sheet.title,
            text=sheet.note,
            fields=tuple(
                (
                    section.label,
                    "\n".join(_glimpse(field, sheet.values.get(field.name, "")) for field in section.fields),
                )
                for section in self.sections
            ),
            footer=sheet.footer,
            select=Select(
                prompt="Edit …",
                address=Address(screen=self.key, verb=FILL, owner=owner, arguments=(subject,)),
                choices=tuple(
                    Choice(
                        label=section.label,
                        value=section.name,
                        detail=", ".join(field.label for field in section.fields),
                    )
                    for section in self.sections
                ),
            ),
            buttons=(
                *(
                    Button(
                        label=action.label,
                        address=Address(screen=self.key, verb="act", owner=owner, arguments=(action.name, subject)),
                        style="danger" if action.danger else "plain",
                    )
                    for action in self.actions
                ),
                *more,
            ),
            files=sheet.files,
        )

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """Raises Invalid for an address that is not one of this dashboard's."""
        address = press.address
        match address.verb:
            case "fill":
                return await self._form(viewer, address, self._section(press.chosen))
            case "save":
                section = self._section(address.argument(0))
                changed = {field.name: press.texts.get(field.name, "") for field in section.fields}
                saved = await self.save(viewer, address.argument(1), changed)
                return await self.show(viewer, saved or address.argument(1))
            case "act":
                action = next((a for a in self.actions if a.name == address.argument(0)), None)
                if action is None:
                    raise stale()
                led = await action.act(viewer, address.argument(1))
                return led or await self.show(viewer, address.argument(1))
            case "show":
                return await self.show(viewer, address.argument(0))
            case _:
                raise stale()

    def back(self, viewer: Viewer, subject: str) -> Button:
        address = Address(screen=self.key, verb="show", owner=viewer.front_id, arguments=(subject,))
        return Button(label="Back", address=address)

    def _section(self, name: str) -> Section:
        section = next((section for section in self.sections if section.name == name), None)
        if section is None:
            raise stale()
        return section

    async def _form(self, viewer: Viewer, address: Address, section: Section) -> Form:
        subject = address.argument(0)
        sheet = await self.load(viewer, subject)
        for field in section.fields:
            if len(sheet.values.get(field.name, "")) > field.limit:
                raise Invalid(
                    "form.too_long",
                    f"{field.label} is longer than a form can hold ({field.limit} characters).",
                    "Export it, change the file and import that.",
                )
        return Form(
            title=f"{section.label}: {sheet.title}",
            address=Address(screen=self.key, verb="save", owner=address.owner, arguments=(section.name, subject)),
            inputs=tuple(
                Input(
                    name=field.name,
                    label=field.label,
                    long=field.long,
                    required=field.required,
                    limit=field.limit,
                    placeholder=field.placeholder,
                    value=sheet.values.get(field.name, ""),
                )
                for field in section.fields
            ),
        )


def _glimpse(field: Field, text: str) -> str:
    words = " ".join(text.split())
    more = f"… ({len(text)} characters)" if len(words) > GLIMPSE else ""
    return f"{field.label}: {words[:GLIMPSE]}{more}" if words else f"{field.label}: —"
