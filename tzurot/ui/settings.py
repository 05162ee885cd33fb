"""One screen for every setting of every tier: its value, whose it is, and how to change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tzurot.errors import Refused
from tzurot.settings.cascade import scopes_of
from tzurot.settings.catalog import BY_KEY, of_tier
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope
from tzurot.talk import Place
from tzurot.ui.screen import FILL, Address, Answer, Button, Choice, Form, Input, Press, Screen, Select, stale
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from tzurot.settings.cascade import Cascade, Resolved
    from tzurot.settings.setting import Setting
    from tzurot.tables.characters import Characters
    from tzurot.tables.settings import Tuned
    from tzurot.ui.rights import Owners
    from tzurot.ui.viewer import Viewer

BUTTONS_AT_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsScreen:
    """`subject` is the id of the character, server, channel or user of the tier; of both, `user:character`."""

    tuned: Tuned
    cascade: Cascade
    characters: Characters
    owners: Owners
    key: str = "settings"

    async def show(self, viewer: Viewer, tier: Tier, subject: str) -> Screen:
        await self._check(viewer, tier, subject)
        resolved = await self._resolved(viewer, tier, subject)
        settings = of_tier(tier)
        sections: dict[str, list[str]] = {}
        for setting in settings:
            value = setting.shown(resolved[setting])
            line = f"{setting.label}: **{_one_line(value)}** · {resolved.source(setting)}"
            sections.setdefault(setting.section, []).append(line)
        return Screen(
            title=f"Settings of {tier.label}",
            text="What is not set here comes from where it is named. The higher wins: the whole bot, the character,"
            " the server, the channel, you, you with a character.",
            fields=tuple((name, "\n".join(lines)) for name, lines in sections.items()),
            select=Select(
                prompt="Change …",
                address=self._at("open", viewer, tier, subject),
                choices=tuple(
                    Choice(label=s.label, value=s.key, detail=_one_line(s.shown(resolved[s]))) for s in settings
                ),
            ),
        )

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """Raises Invalid for an address that is not one of this screen's, Refused without the right to it."""
        address = press.address
        tier, subject = _tier(address.number(0)), address.argument(1)
        await self._check(viewer, tier, subject)
        if address.verb == "show":
            return await self.show(viewer, tier, subject)
        setting = BY_KEY.get(press.chosen if address.verb == "open" else address.argument(2))
        if setting is None or tier not in setting.tiers or not setting.listed:
            raise stale()
        scope = Scope(tier.key, subject)
        match address.verb:
            case "open":
                pass
            case "fill":
                return await self._form(viewer, tier, subject, setting)
            case "typed":
                await self.tuned.put(scope, setting.key, setting.given(press.texts.get("value", "")))
            case "pick":
                await self.tuned.put(scope, setting.key, setting.given(address.argument(3)))
            case "reset":
                await self.tuned.clear(scope, setting.key)
            case _:
                raise stale()
        return await self._detail(viewer, tier, subject, setting)

    async def _detail(self, viewer: Viewer, tier: Tier, subject: str, setting: Setting[Any]) -> Screen:
        resolved = await self._resolved(viewer, tier, subject)
        (here,) = await self.tuned.at([Scope(tier.key, subject)])
        choices = setting.kind.choices
        changes = tuple(
            Button(
                label=choice,
                address=self._at("pick", viewer, tier, subject, setting.key, choice),
                style="primary" if setting.typed(resolved[setting]) == choice else "plain",
            )
            for choice in choices[:BUTTONS_AT_MOST]
        ) or (Button(label="Change", address=self._at(FILL, viewer, tier, subject, setting.key), style="primary"),)
        return Screen(
            title=setting.label,
            text=setting.help,
            fields=(
                ("Now", setting.shown(resolved[setting])),
                ("Set by", resolved.source(setting)),
                ("Possible", setting.kind.bounds),
            ),
            buttons=(
                *changes,
                Button(
                    label="Reset",
                    address=self._at("reset", viewer, tier, subject, setting.key),
                    enabled=setting.key in here,
                ),
                Button(label="Back", address=self._at("show", viewer, tier, subject)),
            ),
        )

    async def _form(self, viewer: Viewer, tier: Tier, subject: str, setting: Setting[Any]) -> Form:
        resolved = await self._resolved(viewer, tier, subject)
        limit = setting.kind.limit
        value = Input(
            name="value",
            label=setting.label,
            long=limit > 100,  # noqa: PLR2004 - what a line of a form shows
            limit=limit,
            placeholder=setting.kind.bounds,
            value=setting.typed(resolved[setting]),
        )
        return Form(title=setting.label, address=self._at("typed", viewer, tier, subject, setting.key), inputs=(value,))

    async def _resolved(self, viewer: Viewer, tier: Tier, subject: str) -> Resolved:
        """What holds as far as that tier: nothing above it is known here."""
        place, character_id, user_id = None, None, None
        match tier:
            case Tier.CHARACTER:
                character_id = int(subject)
            case Tier.SERVER:
                place = Place(front="discord", channel_id=0, kind="guild", guild_id=int(subject))
            case Tier.CHANNEL:
                place = place_of(viewer)
            case Tier.USER:
                user_id = int(subject)
            case Tier.USER_CHARACTER:
                user_id, character_id = (int(part) for part in subject.split(":"))
            case Tier.OPERATOR:
                pass
        scopes = scopes_of(place=place, character_id=character_id, user_id=user_id)
        return self.cascade.resolved(scopes, await self.tuned.at([scope for _, scope in scopes]))

    async def _check(self, viewer: Viewer, tier: Tier, subject: str) -> None:
        """Raises Refused where somebody may not change that, Invalid where there is no such subject."""
        here = True
        match tier:
            case Tier.OPERATOR:
                viewer.needs(Power.BOT_OWNER)
                here = not subject
            case Tier.SERVER:
                viewer.needs(Power.SERVER_MANAGER)
                here = subject == str(viewer.server_id)
            case Tier.CHANNEL:
                viewer.needs(Power.CHANNEL_MANAGER)
                here = subject == str(viewer.channel_id)
            case Tier.USER:
                here = subject == str(viewer.user_id)
            case Tier.CHARACTER:
                self.owners.check_edit(viewer.person, await self.characters.by_id(subject, viewer.user_id))
            case Tier.USER_CHARACTER:
                user, _, character = subject.partition(":")
                here = user == str(viewer.user_id)
                await self.characters.by_id(character, viewer.user_id)
        if not here:
            raise Refused("settings.elsewhere", "These settings are of another place.", "Run the command there.")

    def _at(self, verb: str, viewer: Viewer, tier: Tier, subject: str, *more: str) -> Address:
        arguments = (str(int(tier)), subject, *more)
        return Address(screen=self.key, verb=verb, owner=viewer.front_id, arguments=arguments)


def place_of(viewer: Viewer) -> Place:
    """Where a viewer is, as the cascade asks for it."""
    return Place(
        front="discord",
        channel_id=viewer.channel_id,
        kind="dm" if viewer.server_id is None else "guild",
        guild_id=viewer.server_id,
        parent_id=viewer.parent_id,
    )


def _tier(number: int) -> Tier:
    try:
        return Tier(number)
    except ValueError:
        raise stale() from None


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"  # noqa: PLR2004 - a glimpse
