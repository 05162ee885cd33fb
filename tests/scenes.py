"""Scenes made by hand, for tests that look at prompts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tzurot.cards.read import from_object
from tzurot.llm.chat import Route
from tzurot.pipeline.assembly import assemble
from tzurot.pipeline.turn import Direction, Prompt, Recollection, References, Scene, Standing, Turn
from tzurot.prompt.tokens import estimate
from tzurot.settings.cascade import Resolved
from tzurot.tables.characters import Character, CharacterSummary
from tzurot.tables.messages import Line
from tzurot.tables.people import Person
from tzurot.tables.turns import Accepted
from tzurot.talk import Incoming, Place, Speaker, Utterance

if TYPE_CHECKING:
    from tzurot.cards.card import Card

NOW = datetime(2026, 3, 4, 21, 5, tzinfo=UTC)
ROUTE = Route(base_url="https://models.example/v1", model="m", context_tokens=16384, reply_tokens=800)
OWN_ID = 3


def card(**data: Any) -> Card:
    whole = {"name": "Maren", "description": "{{char}} keeps the lighthouse.", "first_mes": "Mind the step.", **data}
    return from_object({"spec": "chara_card_v3", "spec_version": "3.0", "data": whole}).card


def turn_of(own: Card, said: str = "Is the lamp lit?", *, message_id: int = 1_000_000, persona: str = "") -> Turn:
    utterance = Utterance(
        message_id=message_id,
        place=Place(front="terminal", channel_id=7, kind="terminal"),
        speaker=Speaker(front="terminal", external_id="5", name="Ida"),
        text=said,
        said_at=NOW,
    )
    return Turn(
        accepted=Accepted(
            id=message_id,
            origin_kind="message",
            character_id=OWN_ID,
            take=1,
            reason="mention",
            user_id=1,
            persona_id=1,
            incoming=Incoming(utterance=utterance),
        ),
        character=Character.of(
            CharacterSummary(id=OWN_ID, slug="maren", name=own.name, owner_id=None, is_public=True), own
        ),
        asked_by=Person(user_id=1, external_id="5", persona_id=1, name="Ida", description=persona),
    )


def line(number: int, text: str, *, own: bool = False) -> Line:
    said_at = NOW - timedelta(minutes=1000 - number)
    return Line((number,), "Maren" if own else "Ida", text, estimate(text), said_at, OWN_ID if own else None)


def talk(*texts: str) -> tuple[Line, ...]:
    """Lines in turn, the person's first."""
    return tuple(line(n, text, own=n % 2 == 0) for n, text in enumerate(texts, 1))


def prompted(
    own: Card,
    *history: Line,
    said: str = "Is the lamp lit?",
    direction: Direction | None = None,
    standing: Standing | None = None,
    message_id: int = 1_000_000,
    recollection: Recollection | None = None,
    route: Route = ROUTE,
    persona: str = "",
    settings: Resolved | None = None,
) -> Prompt:
    scene = Scene(
        turn=turn_of(own, said, message_id=message_id, persona=persona),
        history=history,
        now=NOW,
        settings=settings or Resolved(),
        direction=direction or Direction(),
        standing=standing or Standing(),
    )
    return assemble(scene, References(), recollection or Recollection(), route)


def whole(prompt: Prompt) -> str:
    return "\n".join(message.content for message in prompt.messages)
