"""What a preset may say about how a model is asked: each parameter once, with its bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.llm.chat import Route

EFFORTS = ("none", "minimal", "low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number within bounds; `whole` ones have no fraction."""

    key: str
    label: str
    lowest: float
    highest: float
    whole: bool = False

    def read(self, text: str) -> float:
        """Raises ValueError for what is out of bounds or no number."""
        value = int(text) if self.whole else float(text)
        if not self.lowest <= value <= self.highest:
            raise ValueError(text)
        return value

    @property
    def bounds(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.lowest:g} to {self.highest:g}"


SAMPLERS = (
    Parameter(key="temperature", label="Temperature", lowest=0, highest=2),
    Parameter(key="top_p", label="Top P", lowest=0, highest=1),
    Parameter(key="top_k", label="Top K", lowest=0, highest=1000, whole=True),
    Parameter(key="min_p", label="Min P", lowest=0, highest=1),
    Parameter(key="top_a", label="Top A", lowest=0, highest=1),
)
PENALTIES = (
    Parameter(key="frequency_penalty", label="Frequency penalty", lowest=-2, highest=2),
    Parameter(key="presence_penalty", label="Presence penalty", lowest=-2, highest=2),
    Parameter(key="repetition_penalty", label="Repetition penalty", lowest=0, highest=2),
    Parameter(key="seed", label="Seed", lowest=0, highest=2**31 - 1, whole=True),
)
SIZES = (
    Parameter(key="context_tokens", label="Context (tokens)", lowest=1024, highest=2_000_000, whole=True),
    Parameter(key="reply_tokens", label="Reply (tokens)", lowest=16, highest=100_000, whole=True),
)
PARAMETERS = {parameter.key: parameter for parameter in (*SAMPLERS, *PENALTIES, *SIZES)}
TEXTS = {"provider": 32, "model": 120, "reasoning_effort": 10, "system_prompt": 8000, "last_words": 4000}


def read_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """A preset's values from what was typed or imported; what is empty is left out, what is unknown too.

    Raises:
        Invalid: a value is out of its bounds.

    """
    values: dict[str, Any] = {}
    for key, limit in TEXTS.items():
        text = str(given.get(key) or "").strip()
        if text:
            values[key] = text[:limit]
    if values.get("reasoning_effort", "low") not in EFFORTS:
        raise Invalid("preset.value", "That is no reasoning effort.", f"Give one of {', '.join(EFFORTS)}.")
    for key, parameter in PARAMETERS.items():
        text = str(given.get(key, "") if given.get(key) is not None else "").strip()
        if text:
            try:
                values[key] = parameter.read(text)
            except ValueError:
                sentence = f"“{text[:40]}” is not a value for {parameter.label}."
                raise Invalid("preset.value", sentence, f"Give {parameter.bounds}.") from None
    return values


def applied(route: Route, values: Mapping[str, Any]) -> Route:
    """The route with a preset's sizes and samplers; its model and provider are the caller's matter."""
    samplers = dict(route.samplers)
    for parameter in (*SAMPLERS, *PENALTIES):
        if parameter.key in values and parameter.key != "temperature":
            samplers[parameter.key] = values[parameter.key]
    if "reasoning_effort" in values:
        samplers["reasoning_effort"] = values["reasoning_effort"]
    context = int(values.get("context_tokens", route.context_tokens))
    return replace(
        route,
        temperature=float(values.get("temperature", route.temperature)),
        context_tokens=context,
        reply_tokens=min(int(values.get("reply_tokens", route.reply_tokens)), context // 2),
        samplers=samplers,
    )
