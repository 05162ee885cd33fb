"""What a provider offers: its models with their size, price and senses, read from its own list."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import orjson

from tzurot.errors import Invalid, ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tzurot.outbound import Outbound

# families that see, for the many lists that do not tell
EYES = re.compile(
    r"gpt-(4o|4\.1|4-turbo|5)|chatgpt-4o|claude-(3|sonnet|opus|haiku)|gemini|pixtral|llava|moondream|minicpm-v"
    r"|internvl|qwen[\d.]*-?vl|vision|gemma-?3(?!n|[:-](270m|1b))|llama-?4",
    re.IGNORECASE,
)
LIST_BYTES = 16 * 1024 * 1024
KEPT_S = 24 * 3600.0
SILENT_S = 600.0  # a server that did not tell is not asked again before that
LOOK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Prices are US dollars for a million tokens, None where the provider names none."""

    id: str
    name: str
    context_tokens: int = 0
    prompt_usd: float | None = None
    reply_usd: float | None = None
    sees: bool = False

    @property
    def is_free(self) -> bool:
        return self.prompt_usd == 0 and self.reply_usd == 0

    @property
    def price(self) -> str:
        if self.prompt_usd is None or self.reply_usd is None:
            return ""
        return "free" if self.is_free else f"${self.prompt_usd:g} in, ${self.reply_usd:g} out"


class Catalogue:
    """Model lists by address, kept for a day."""

    def __init__(self, outbound: Outbound, clock: Callable[[], float] = monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._kept: dict[str, tuple[float, tuple[Model, ...]]] = {}
        self._silent: dict[str, float] = {}

    async def of(self, base_url: str, key: str) -> tuple[Model, ...]:
        """The models of a server, by id.

        Raises:
            ProviderFailed: it has no list, or cannot be asked.

        """
        read_s, known = self._kept.get(base_url, (0.0, ()))
        if known and self._clock() - read_s < KEPT_S:
            return known
        headers = {"Authorization": f"Bearer {key}"} if key else None
        try:
            models = parsed(await self._outbound.get(f"{base_url}/models", limit_bytes=LIST_BYTES, headers=headers))
        except Invalid:
            models = ()
        if not models:
            raise ProviderFailed(
                "models.none", "The provider does not tell which models it has.", "Try again in a minute."
            )
        self._kept[base_url] = self._clock(), models
        return models

    async def sees(self, base_url: str, key: str, model: str) -> bool:
        """Whether a model is known to take pictures: by its provider's list, else by its name."""
        if self._clock() - self._silent.get(base_url, -SILENT_S) >= SILENT_S:
            try:
                async with asyncio.timeout(LOOK_S):
                    known = await self.of(base_url, key)
            except (ProviderFailed, TimeoutError):
                self._silent[base_url] = self._clock()
            else:
                found = next((one for one in known if one.id == model), None)
                if found is not None:
                    return found.sees
        return bool(EYES.search(model))


def parsed(body: bytes) -> tuple[Model, ...]:
    """A list in OpenAI's form, with what OpenRouter adds to it; entries that are none are left out."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    entries: Any = cast("dict[str, Any]", found).get("data") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        return ()
    models = [_model(cast("dict[str, Any]", entry)) for entry in cast("list[Any]", entries) if isinstance(entry, dict)]
    return tuple(sorted((model for model in models if model.id), key=lambda model: model.id))


def _model(entry: Mapping[str, Any]) -> Model:
    identifier = str(entry.get("id") or "")
    pricing, senses = entry.get("pricing"), entry.get("architecture")
    prices = cast("dict[str, Any]", pricing) if isinstance(pricing, dict) else {}
    inputs = cast("dict[str, Any]", senses).get("input_modalities") if isinstance(senses, dict) else None
    able = entry.get("capabilities")  # Mistral's word for it
    eyes = cast("dict[str, Any]", able).get("vision") if isinstance(able, dict) else None
    context = entry.get("context_length") or entry.get("context_window") or entry.get("max_model_len") or 0
    return Model(
        id=identifier,
        name=str(entry.get("name") or identifier),
        context_tokens=context if isinstance(context, int) else 0,
        prompt_usd=_per_million(prices.get("prompt")),
        reply_usd=_per_million(prices.get("completion")),
        sees="image" in inputs if isinstance(inputs, list) else bool(EYES.search(identifier) if eyes is None else eyes),
    )


def _per_million(price: object) -> float | None:
    """OpenRouter names the price of one token, as text; a negative one means that it varies."""
    try:
        value = float(str(price)) * 1_000_000
    except ValueError:
        return None
    return round(value, 4) if value >= 0 else None
