"""`/preset`: which model answers somebody, and how it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid, Refused
from tzurot.llm.preset import EFFORTS, PENALTIES, SAMPLERS, SIZES, read_values
from tzurot.prompt.presets import preset_of
from tzurot.settings.catalog import PRESET
from tzurot.settings.setting import Tier
from tzurot.tables.presets import NAME_LENGTH
from tzurot.tables.settings import Scope
from tzurot.ui.confirm import Confirm
from tzurot.ui.dashboard import Action, Dashboard, Field, Section, Sheet
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Address, Answer, Button, File, Form, Input, Press, Screen
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import hikari

    from tzurot.discord.components import Router
    from tzurot.llm.preset import Parameter
    from tzurot.llm.providers import Providers
    from tzurot.outbound import Outbound
    from tzurot.tables.characters import CharacterSummary
    from tzurot.tables.presets import Preset, Presets
    from tzurot.tables.settings import Tuned
    from tzurot.ui.viewer import Viewer

PRESET_BYTES = 64 * 1024


def _fields(parameters: Sequence[Parameter]) -> tuple[Field, ...]:
    return tuple(Field(name=p.key, label=p.label, limit=20, placeholder=p.bounds) for p in parameters)


NAME = Field(name="name", label="Name", limit=NAME_LENGTH, required=True)
MODEL = Field(name="model", label="Model", limit=120, placeholder="as /models browse shows it; empty: the host's")
SECTIONS = (
    Section(
        name="model",
        label="Model",
        fields=(
            NAME,
            Field(name="provider", label="Provider", limit=32, placeholder="openrouter; empty: the host's"),
            MODEL,
        ),
    ),
    Section(name="samplers", label="Sampling", fields=_fields(SAMPLERS)),
    Section(name="penalties", label="Penalties and seed", fields=_fields(PENALTIES)),
    Section(
        name="sizes",
        label="Sizes and reasoning",
        fields=(
            *_fields(SIZES),
            Field(name="reasoning_effort", label="Reasoning effort", limit=10, placeholder=", ".join(EFFORTS)),
        ),
    ),
    Section(
        name="prompts",
        label="Prompts",
        fields=(
            Field(name="system_prompt", label="System prompt", long=True),
            Field(name="last_words", label="Last words", long=True),
        ),
    ),
)
CREATE = Form(
    title="A new preset",
    address=Address(screen="preset-create", verb="save"),
    inputs=(
        Input(name="name", label="Name", limit=NAME_LENGTH, required=True),
        Input(name="provider", label="Provider", limit=32, placeholder="openrouter; empty: the host's"),
        Input(name="model", label="Model", limit=120, placeholder=MODEL.placeholder),
        Input(name="temperature", label="Temperature", limit=20, placeholder="0 to 2; empty: the host's"),
    ),
)


class PresetPlugin:
    key = CREATE.address.screen

    def __init__(
        self, *, presets: Presets, tuned: Tuned, providers: Providers, outbound: Outbound, router: Router
    ) -> None:
        self._presets = presets
        self._tuned = tuned
        self._providers = providers
        self._outbound = outbound
        self.list = Listing(
            key="presets",
            title="Presets",
            empty="There is none by that name. Make one with /preset create.",
            load=self._load,
            open=self._open,
            sorts=("name",),
            filters=("all", "mine", "the host's"),
        )
        self.sheet = Dashboard(
            key="preset",
            sections=SECTIONS,
            load=self._sheet,
            save=self._save,
            actions=(
                Action(name="use", label="Use it", act=self._use),
                Action(name="share", label="Share with everybody", act=self._share),
                Action(name="export", label="Export", act=self._export_from_screen),
                Action(name="delete", label="Delete", act=self._ask_delete, danger=True),
            ),
        )
        self.gone = Confirm(
            key="preset-delete", title="Delete a preset", yes="Delete", question=self._question, act=self._delete
        )
        router.enter(self.list, self.sheet, self.gone, self)

    @command("preset create", "Make a preset", form=True)
    def create(self) -> Form:
        return CREATE

    @command("preset edit", "Look at a preset and change it", preset=options.preset())
    async def edit(self, asked: Asked, preset: Preset) -> Screen:
        return await self.sheet.show(asked.viewer, str(preset.id))

    @command(
        "preset browse", "Your presets and the host's", query=options.text("Part of a name", limit=40, required=False)
    )
    async def browse(self, asked: Asked, query: str | None) -> Screen:
        return await self.list.page(asked.viewer, View(query=query or ""))

    @command("preset export", "A preset as a file", preset=options.preset())
    async def export(self, asked: Asked, preset: Preset) -> Screen:  # noqa: ARG002 - as every command
        return exported(preset)

    @command(
        "preset import",
        "Bring in a preset",
        file=options.file("A file of /preset export, or of SillyTavern's chat completion"),
    )
    async def import_preset(self, asked: Asked, file: hikari.Attachment) -> Screen:
        content = await self._outbound.get(file.url, limit_bytes=PRESET_BYTES)
        try:
            found: object = orjson.loads(content)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise Invalid("preset.not_json", "That file is not a preset.", "Use a file that /preset export made.")
        given = cast("dict[str, Any]", found)
        if "prompts" in given or "openai_max_context" in given:
            given = from_sillytavern(given, file.filename.rsplit(".", 1)[0])
        return await self._add(asked.viewer, given)

    @command("preset default set", "Let this preset answer you", preset=options.preset())
    async def default_set(self, asked: Asked, preset: Preset) -> str:
        await self._tuned.put(_me(asked.viewer), PRESET.key, preset.id)
        return f"**{preset.name}** answers you from now on."

    @command("preset default clear", "Let the host's preset answer you again")
    async def default_clear(self, asked: Asked) -> str:
        await self._tuned.clear(_me(asked.viewer), PRESET.key)
        return "What the host chose answers you again."

    @command(
        "preset override set",
        "Let a preset answer you for one character",
        character=options.character(),
        preset=options.preset(),
    )
    async def override_set(self, asked: Asked, character: CharacterSummary, preset: Preset) -> str:
        await self._tuned.put(_me_with(asked.viewer, character), PRESET.key, preset.id)
        return f"**{character.name}** answers you through **{preset.name}** from now on."

    @command("preset override clear", "Let a character answer you as all others do", character=options.character())
    async def override_clear(self, asked: Asked, character: CharacterSummary) -> str:
        await self._tuned.clear(_me_with(asked.viewer, character), PRESET.key)
        return f"**{character.name}** answers you as all others do again."

    @command("preset global set", "Let a shared preset answer everybody who chose none", preset=options.preset())
    async def global_set(self, asked: Asked, preset: Preset) -> str:  # noqa: ARG002
        if preset.owner_id is not None:
            raise Invalid("preset.not_shared", f"“{preset.name}” is yours alone.", "Share it first: /preset edit.")
        await self._tuned.put(Scope(Tier.OPERATOR.key, ""), PRESET.key, preset.id)
        return f"**{preset.name}** answers everybody who chose none."

    @command("preset global clear", "Let config.toml decide again")
    async def global_clear(self, asked: Asked) -> str:  # noqa: ARG002
        await self._tuned.clear(Scope(Tier.OPERATOR.key, ""), PRESET.key)
        return "What config.toml names answers everybody who chose no preset."

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The form of `/preset create`, when it comes back."""
        return await self._add(viewer, press.texts)

    async def _add(self, viewer: Viewer, given: Mapping[str, Any]) -> Screen:
        made = await self._presets.add(viewer.user_id, _name(given), self._values(given))
        return await self.sheet.show(viewer, str(made.id))

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values = read_values(given)
        if "provider" in values:
            values["provider"] = self._providers.get(values["provider"]).name
        return values

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        wanted = self.list.filters[view.filter]
        return [
            Row(
                label=preset.name,
                value=str(preset.id),
                detail=" · ".join(part for part in (_whose(preset), str(preset.values.get("model", ""))) if part),
                order=(preset.name.casefold(),),
            )
            for preset in await self._presets.visible_to(viewer.user_id)
            if view.query.casefold() in preset.name.casefold()
            and (wanted == "all" or (wanted == "mine") == (preset.owner_id is not None))
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self.sheet.show(viewer, value, back)

    async def _sheet(self, viewer: Viewer, subject: str) -> Sheet:
        preset = await self._presets.find(subject, viewer.user_id)
        return Sheet(
            title=preset.name,
            values={"name": preset.name} | {key: f"{value}" for key, value in preset.values.items()},
            note="The host's, for everybody." if preset.owner_id is None else "Yours.",
        )

    async def _mine(self, viewer: Viewer, subject: str) -> Preset:
        preset = await self._presets.find(subject, viewer.user_id)
        if preset.owner_id != viewer.user_id and not viewer.has(Power.BOT_OWNER):
            raise Refused(
                "preset.not_yours", f"“{preset.name}” is the host's.", "Make one of your own: /preset create."
            )
        return preset

    async def _save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> None:
        preset = await self._mine(viewer, subject)
        given = {"name": preset.name, **preset.values, **changed}
        await self._presets.change(preset.id, _name(given), self._values(given))

    async def _use(self, viewer: Viewer, subject: str) -> Screen:
        preset = await self._presets.find(subject, viewer.user_id)
        await self._tuned.put(_me(viewer), PRESET.key, preset.id)
        return Screen(
            title=preset.name, text="It answers you from now on.", buttons=(self.sheet.back(viewer, subject),)
        )

    async def _share(self, viewer: Viewer, subject: str) -> Screen:
        viewer.needs(Power.BOT_OWNER)
        preset = await self._presets.find(subject, viewer.user_id)
        shared = await self._presets.add(None, preset.name, preset.values)
        return await self.sheet.show(viewer, str(shared.id))

    async def _export_from_screen(self, viewer: Viewer, subject: str) -> Screen:
        return exported(await self._presets.find(subject, viewer.user_id), self.sheet.back(viewer, subject))

    async def _ask_delete(self, viewer: Viewer, subject: str) -> Screen:
        return await self.gone.ask(viewer, subject)

    async def _question(self, viewer: Viewer, subject: str) -> str:
        preset = await self._mine(viewer, subject)
        return f"**{preset.name}** will be gone; who used it is answered by the host's choice."

    async def _delete(self, viewer: Viewer, subject: str) -> str:
        preset = await self._mine(viewer, subject)
        await self._presets.delete(preset.id)
        return f"**{preset.name}** was deleted."


def from_sillytavern(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A chat-completion preset of SillyTavern's in our own terms: samplers, sizes, and what its prompts say."""
    read = preset_of(raw, name)
    sizes = {"context_tokens": read.context_tokens, "reply_tokens": read.reply_tokens}
    texts = {"system_prompt": read.system_prompt, "last_words": read.post_history}
    return {"name": read.name or name, **read.samplers, **sizes, **texts}


def exported(preset: Preset, *buttons: Button) -> Screen:
    content = orjson.dumps({"name": preset.name, **preset.values}, option=orjson.OPT_INDENT_2)
    return Screen(title=f"{preset.name} as a file", files=(File(name="preset.json", content=content),), buttons=buttons)


def _whose(preset: Preset) -> str:
    return "the host's" if preset.owner_id is None else "yours"


def _me(viewer: Viewer) -> Scope:
    return Scope(Tier.USER.key, str(viewer.user_id))


def _me_with(viewer: Viewer, character: CharacterSummary) -> Scope:
    return Scope(Tier.USER_CHARACTER.key, f"{viewer.user_id}:{character.id}")


def _name(given: Mapping[str, Any]) -> str:
    name = " ".join(str(given.get("name") or "").split())[:NAME_LENGTH]
    if not name:
        raise Invalid("preset.no_name", "A preset needs a name.", "Give it one.")
    return name
