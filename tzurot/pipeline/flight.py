"""The flight recorder: what a turn did, written down while it flies, kept whether it lands or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tzurot.llm.chat import Usage
from tzurot.tables.flights import Flown

if TYPE_CHECKING:
    from tzurot.errors import TzurotError
    from tzurot.llm.client import Attempt
    from tzurot.pipeline.turn import Attached, Completion, Prompt, Recollection, References, Scene, Turn


class Step:
    """Adds the time it is entered for to a step's milliseconds."""

    __slots__ = ("_began", "_name", "_steps_ms")

    def __init__(self, steps_ms: dict[str, float], name: str) -> None:
        self._steps_ms, self._name = steps_ms, name

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        took_ms = (perf_counter() - self._began) * 1000
        self._steps_ms[self._name] = round(self._steps_ms.get(self._name, 0) + took_ms, 2)


@dataclass(slots=True)
class Flight:
    """Filled by `run` step by step: the one value of a turn that grows, because a crash keeps what there is."""

    turn: Turn
    steps_ms: dict[str, float] = field(default_factory=dict[str, float])
    attempts: list[Attempt] = field(default_factory=list["Attempt"])
    scene: Scene | None = None
    references: References | None = None
    recollection: Recollection | None = None
    prompt: Prompt | None = None
    completion: Completion | None = None
    shown_as: int | None = None  # the message that showed the reply's beginning
    error: TzurotError | None = None

    def step(self, name: str) -> Step:
        """Time a step; the one that fails is timed too, and repeated ones add up."""
        return Step(self.steps_ms, name)

    @property
    def attached(self) -> tuple[Attached, ...]:
        """What is known of the attachments by now."""
        return self.references.attached if self.references is not None else ()

    def record(self) -> Flown:
        """The row to keep: steps_ms, attempts, tokens, limit, cuts, lore, prompt, memories and more in `record`."""
        usage = self.completion.usage if self.completion else Usage()
        prompt = self.prompt
        record: dict[str, Any] = {
            "reason": self.turn.accepted.reason,
            "steps_ms": list(self.steps_ms.items()),  # jsonb does not keep the order of keys
            "attempts": [{"outcome": a.outcome, "took_ms": round(a.took_ms, 1)} for a in self.attempts],
            "history": len(self.scene.history) if self.scene else 0,
            "memories": [
                {
                    "id": m.id,
                    "score": round(m.score, 2),
                    "speaker": m.episode.speaker,
                    "text": m.episode.text,
                    "why": m.why,
                }
                for m in (self.recollection.memories if self.recollection else ())
            ],
            "facts": [
                {"id": fact.id, "slot": fact.slot, "value": fact.value}
                for fact in (self.recollection.facts if self.recollection else ())
            ],
            "quotes": len(self.references.quotes) if self.references else 0,
            "unread": list(self.references.unread) if self.references else [],
            "lore": [
                {"key": each.key, "title": each.entry.title[:100], "why": each.why}
                for each in (prompt.lore if prompt else ())
            ],
            "files": [
                {"name": one.name, "about": one.about, "kind": one.kind, "became": _became(one)}
                for one in self.attached
            ],
            # what a picture holds is kept nowhere
            "prompt": [{"role": one.role, "content": one.in_words} for one in prompt.messages] if prompt else (),
            "tokens": prompt.tokens if prompt else 0,
            "limit": prompt.limit if prompt else 0,
            "cuts": list(prompt.cuts) if prompt else [],
            "host": prompt.route.host if prompt else "",
            "finish": self.completion.finish if self.completion else "",
            "reasoning": self.completion.reasoning if self.completion else "",
            "reply": self.completion.text if self.completion else "",
            "error": {"code": self.error.code, "sentence": str(self.error)} if self.error else None,
        }
        return Flown(
            turn_id=self.turn.id,
            user_id=self.turn.asked_by.user_id,
            character_name=self.turn.character.name,
            model=self.completion.model if self.completion else (prompt.route.model if prompt else ""),
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            reply_tokens=usage.reply_tokens,
            cost_usd=usage.cost_usd,
            record=record,
        )


def _became(one: Attached) -> str:
    if one.picture is not None:
        return "shown to the model"
    return one.unread or f"{len(one.text):,} characters"
