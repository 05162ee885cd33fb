"""Which model answers a turn, and whose key pays for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tzurot.errors import ProviderFailed, Refused
from tzurot.llm.preset import applied
from tzurot.settings.catalog import PRESET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.llm.chat import Route
    from tzurot.llm.providers import Providers
    from tzurot.settings.cascade import Resolved
    from tzurot.tables.keys import ApiKeys
    from tzurot.tables.presets import Preset, Presets


class Routes:
    """`base` is the host's own route, None until one is chosen; `template` gives the limits where there is none.

    `own_model` is what the host's provider is asked for by those who bring their own key.
    """

    def __init__(
        self, *, presets: Presets, keys: ApiKeys, providers: Providers, template: Route, own_model: str
    ) -> None:
        self._presets = presets
        self._keys = keys
        self._providers = providers
        self._template = template
        self._own_model = own_model
        self.base: Route | None = None

    async def choose(self, user_id: int, settings: Resolved) -> Route:
        """The route for a turn that this user asked for.

        Raises:
            ProviderFailed: there is no model for them.
            Refused: their preset asks for a provider they have no key for.

        """
        preset = await self._presets.known(settings[PRESET])
        if preset is None and not await self._keys.providers(user_id):
            return self._hosts()
        values: Mapping[str, Any] = preset.values if preset is not None else {}
        hosts = self._providers.at(self.base.base_url) if self.base is not None else ""
        provider = str(values.get("provider") or hosts)
        key = await self._keys.open(user_id, provider) if provider else None
        if key is not None:
            model = str(values.get("model") or (self._own_model if provider == hosts else ""))
            route = replace(
                self.base or self._template, base_url=self._providers.get(provider).base_url, api_key=key, model=model
            )
        elif provider != hosts:
            raise Refused(
                "preset.no_key",
                f"The preset “{preset.name if preset else ''}” asks {provider}, and you have no key for it.",
                "Enter one with /settings apikey set, or choose another preset with /preset default.",
            )
        else:
            route = self._hosts()
            if (wanted := values.get("model")) and self._is_hosts_to_pay(preset, str(wanted), route):
                route = replace(route, model=str(wanted))
        return applied(route, values)

    @staticmethod
    def _is_hosts_to_pay(preset: Preset | None, model: str, route: Route) -> bool:
        """The host's key asks only for what the host chose, or for what costs nothing."""
        return (preset is not None and preset.owner_id is None) or not route.api_key or model.endswith(":free")

    def _hosts(self) -> Route:
        if self.base is None:
            raise ProviderFailed(
                "llm.none",
                "No language model is configured yet.",
                "The host sets llm.base_url and llm.model in config.toml, or starts a local server such as Ollama; with"
                " a key of your own, use /settings apikey set and a preset.",
            )
        return self.base
