"""`/models`: what can be chosen, with its size and its price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import NotFound
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.ranking import Named, best_matches
from tzurot.ui.screen import Button, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.discord.components import Router
    from tzurot.llm.models import Catalogue, Model
    from tzurot.llm.providers import Providers
    from tzurot.pipeline.routes import Routes
    from tzurot.tables.keys import ApiKeys
    from tzurot.ui.viewer import Viewer

HOSTS = ""


class ModelsPlugin:
    def __init__(
        self, *, catalogue: Catalogue, providers: Providers, keys: ApiKeys, routes: Routes, router: Router
    ) -> None:
        self._catalogue = catalogue
        self._providers = providers
        self._keys = keys
        self._routes = routes
        self.list = Listing(
            key="models",
            title="Language models",
            empty="There is none like that.",
            load=self._load,
            sorts=("name", "price", "size"),
            filters=("all", "free", "those that see pictures"),
        )
        router.enter(self.list)

    @command(
        "models browse",
        "Which language models there are",
        query=options.text("Part of a name", limit=40, required=False),
        provider=options.provider("Whose models; without it the host's"),
    )
    async def browse(self, asked: Asked, query: str | None, provider: str | None) -> Screen:
        subject = self._providers.get(provider).name if provider else HOSTS
        return await self.list.page(asked.viewer, View(query=query or "", subject=subject))

    @command(
        "models view",
        "What is known of a model",
        model=options.text("Its name as /models browse shows it", limit=120),
        provider=options.provider("Whose model; without it the host's"),
    )
    async def view(self, asked: Asked, model: str, provider: str | None) -> Screen:
        models = await self._models(asked.viewer, self._providers.get(provider).name if provider else HOSTS)
        found = best_matches(model, [Named(name=m.name, value=m.id) for m in models], 1)
        if not found:
            raise NotFound("model.unknown", f"There is no model “{model[:60]}”.", "Look with /models browse.")
        return _shown(next(m for m in models if m.id == found[0].value))

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        wanted = self.list.filters[view.filter]
        return [
            Row(label=model.id, value=model.id[:100], detail=_detail(model), order=_order(model))
            for model in await self._models(viewer, view.subject)
            if view.query.casefold() in f"{model.id} {model.name}".casefold()
            and (wanted == "all" or (model.is_free if wanted == "free" else model.sees))
        ]

    async def _models(self, viewer: Viewer, provider: str) -> tuple[Model, ...]:
        """A provider's list, asked with the viewer's key where they have one; the host's with the host's."""
        hosts = self._routes.base
        if provider:
            key = await self._keys.open(viewer.user_id, provider)
            return await self._catalogue.of(self._providers.get(provider).base_url, key or "")
        if hosts is None:
            raise NotFound("llm.none", "The host has configured no language model.", "Name a provider.")
        return await self._catalogue.of(hosts.base_url, hosts.api_key)


def _order(model: Model) -> tuple[str, float, float]:
    price = model.prompt_usd + model.reply_usd if model.prompt_usd is not None and model.reply_usd is not None else 1e9
    return model.id, price, -model.context_tokens


def _detail(model: Model) -> str:
    size = f"{model.context_tokens // 1000}k" if model.context_tokens else ""
    return " · ".join(part for part in (size, model.price, "sees" if model.sees else "") if part)


def _shown(model: Model, *buttons: Button) -> Screen:
    fields = {
        "Name": model.name,
        "Takes in": f"{model.context_tokens:,} tokens" if model.context_tokens else "",
        "Price for a million tokens": model.price,
        "Sees pictures": "yes" if model.sees else "not that its provider says",
        "To use it": "/preset create, then /preset default set",
    }
    return Screen(title=model.id, fields=tuple((name, text) for name, text in fields.items() if text), buttons=buttons)
