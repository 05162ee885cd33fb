"""Providers whose keys people may bring: where each is, and how a key is tried without paying for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.errors import Invalid, NotFound, ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.outbound import Outbound

UNAUTHORISED = frozenset({401, 403})
PAYMENT_REQUIRED = 402
FAILED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """`tried_at` answers 401 to a wrong key and costs nothing."""

    name: str
    base_url: str
    tried_at: str = "/models"


KNOWN = {
    "openrouter": Provider(name="openrouter", base_url="https://openrouter.ai/api/v1", tried_at="/key"),
    "openai": Provider(name="openai", base_url="https://api.openai.com/v1"),
    "anthropic": Provider(name="anthropic", base_url="https://api.anthropic.com/v1"),
    "google": Provider(name="google", base_url="https://generativelanguage.googleapis.com/v1beta/openai"),
    "mistral": Provider(name="mistral", base_url="https://api.mistral.ai/v1"),
    "deepseek": Provider(name="deepseek", base_url="https://api.deepseek.com/v1"),
    "groq": Provider(name="groq", base_url="https://api.groq.com/openai/v1"),
    "xai": Provider(name="xai", base_url="https://api.x.ai/v1"),
    "together": Provider(name="together", base_url="https://api.together.xyz/v1"),
}


class Providers:
    """The known ones, and those the host names in config.toml (`llm.providers`), which win."""

    def __init__(self, outbound: Outbound, named: Mapping[str, str]) -> None:
        self._outbound = outbound
        ours = {name: Provider(name=name, base_url=url.rstrip("/")) for name, url in named.items()}
        self.all: Mapping[str, Provider] = {**KNOWN, **ours}

    def get(self, name: str) -> Provider:
        """Raises NotFound for a name that is none."""
        found = self.all.get(name.strip().casefold())
        if found is None:
            raise NotFound(
                "provider.unknown", f"There is no provider “{name[:40]}”.", f"There are {', '.join(sorted(self.all))}."
            )
        return found

    def at(self, base_url: str) -> str:
        """The name of the provider behind an address; empty where it is none of them."""
        return next((p.name for p in self.all.values() if p.base_url == base_url.rstrip("/")), "")

    async def check(self, provider: Provider, key: str) -> None:
        """Ask the provider whether it knows a key.

        Raises:
            Invalid: it does not, or the key has no credit.
            ProviderFailed: it could not be asked.

        """
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise Invalid("key.malformed", "That is not an API key.", "Copy it again from the provider's page.")
        try:
            status = await self._outbound.status(
                provider.base_url + provider.tried_at, headers={"Authorization": f"Bearer {key}"}
            )
        except Invalid:
            raise unreachable(provider) from None
        if status in UNAUTHORISED:
            raise Invalid(
                "key.refused", f"{provider.name} does not know that key.", "Copy it again, or make a new one."
            )
        if status == PAYMENT_REQUIRED:
            raise Invalid("key.no_credit", "That key has no credit left.", f"Add credit at {provider.name}.")
        if status >= FAILED:
            raise unreachable(provider)


def unreachable(provider: Provider) -> ProviderFailed:
    return ProviderFailed(
        "provider.unreachable", f"{provider.name} cannot be asked just now.", "Try again in a minute."
    )
