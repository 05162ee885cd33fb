"""`/settings`: one's own settings, the server's, and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid, NotFound
from tzurot.settings.catalog import TIMEZONE
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope
from tzurot.ui.screen import Address, Answer, Form, Input, Press, Screen

if TYPE_CHECKING:
    from tzurot.discord.components import Router
    from tzurot.llm.providers import Providers
    from tzurot.tables.keys import ApiKeys
    from tzurot.tables.settings import Tuned
    from tzurot.ui.settings import SettingsScreen
    from tzurot.ui.viewer import Viewer


class SettingsPlugin:
    key = "apikey"

    def __init__(
        self, *, tuned: Tuned, settings: SettingsScreen, keys: ApiKeys, providers: Providers, router: Router
    ) -> None:
        self._tuned = tuned
        self._settings = settings
        self._keys = keys
        self._providers = providers
        router.enter(settings, self)

    @command("settings timezone", "Where your clock stands", zone=options.zone())
    async def timezone(self, asked: Asked, zone: str) -> str:
        value = TIMEZONE.given(zone)
        await self._tuned.put(Scope(Tier.USER.key, str(asked.viewer.user_id)), TIMEZONE.key, value)
        return f"Your clock stands at **{value}**."

    @command("settings defaults", "How all characters answer you")
    async def defaults(self, asked: Asked) -> Screen:
        return await self._settings.show(asked.viewer, Tier.USER, str(asked.viewer.user_id))

    @command("settings server", "How characters answer in this server")
    async def server(self, asked: Asked) -> Screen:
        if asked.viewer.server_id is None:
            raise Invalid("settings.no_server", "This is not a server.", "Run it in a server.")
        return await self._settings.show(asked.viewer, Tier.SERVER, str(asked.viewer.server_id))

    @command(
        "settings apikey set",
        "Bring your own key; nobody sees it again, not even you",
        form=True,
        provider=options.provider("Whose key it is", required=True),
    )
    def apikey_set(self, provider: str) -> Form:
        name = self._providers.get(provider).name
        return Form(
            title=f"Your key for {name}",
            address=Address(screen=self.key, verb="save", arguments=(name,)),
            inputs=(Input(name="key", label="The key", required=True, limit=400, placeholder="sk-…"),),
        )

    @command("settings apikey browse", "For which providers you have brought a key")
    async def apikey_browse(self, asked: Asked) -> Screen:
        notes = await self._keys.notes(asked.viewer.user_id)
        lines = [
            f"**{note.provider}** · since <t:{int(note.created_at.timestamp())}:d>"
            + (f" · tested <t:{int(note.tested_at.timestamp())}:R>" if note.tested_at else "")
            for note in notes
        ]
        return Screen(title="Your keys", text="\n".join(lines) or "None yet: /settings apikey set brings one.")

    @command(
        "settings apikey remove", "Forget a key of yours", provider=options.provider("Whose key it is", required=True)
    )
    async def apikey_remove(self, asked: Asked, provider: str) -> str:
        name = self._providers.get(provider).name
        if not await self._keys.remove(asked.viewer.user_id, name):
            raise no_key(name)
        return f"Your key for **{name}** is forgotten."

    @command(
        "settings apikey test",
        "Whether a key of yours works",
        provider=options.provider("Whose key it is", required=True),
    )
    async def apikey_test(self, asked: Asked, provider: str) -> str:
        known = self._providers.get(provider)
        key = await self._keys.open(asked.viewer.user_id, known.name)
        if key is None:
            raise no_key(known.name)
        await self._providers.check(known, key)
        await self._keys.tested(asked.viewer.user_id, known.name)
        return f"Your key for **{known.name}** works."

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The form with the key: it is tried before it is kept."""
        provider = self._providers.get(press.address.argument(0))
        key = press.texts.get("key", "").strip()
        await self._providers.check(provider, key)
        await self._keys.put(viewer.user_id, provider.name, key)
        return Screen(
            title=f"Your key for {provider.name} works",
            text="It is sealed and never shown again. What you ask characters through it is charged to it."
            " Choose a model with /preset create.",
        )


def no_key(provider: str) -> NotFound:
    return NotFound("key.none", f"You have no key for {provider}.", "Bring one with /settings apikey set.")
