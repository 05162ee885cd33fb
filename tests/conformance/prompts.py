"""The whole prompt of a card, as a turn would send it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.llm.chat import Route
from tzurot.pipeline.assembly import assemble
from tzurot.pipeline.turn import Recollection, References, Scene, Turn
from tzurot.tables.characters import Character, CharacterSummary
from tzurot.tables.people import Person
from tzurot.tables.turns import Accepted
from tzurot.talk import Incoming, Place, Speaker, Utterance

if TYPE_CHECKING:
    from tzurot.cards.card import Card

NOW = datetime(2026, 3, 4, 21, 5, tzinfo=UTC)


def prompt_of(card: Card) -> str:
    said = Utterance(
        message_id=900,
        place=Place(front="terminal", channel_id=7, kind="terminal"),
        speaker=Speaker(front="terminal", external_id="5", name="Ida"),
        text="Hello.",
        said_at=NOW,
    )
    turn = Turn(
        accepted=Accepted(
            id=1,
            origin_kind="message",
            character_id=3,
            take=1,
            reason="mention",
            user_id=1,
            persona_id=1,
            incoming=Incoming(utterance=said),
        ),
        character=Character(
            summary=CharacterSummary(id=3, slug="s", name=card.name, owner_id=None, is_public=True), card=card
        ),
        asked_by=Person(user_id=1, external_id="5", persona_id=1, name="Ida", description=""),
    )
    route = Route(base_url="https://models.example/v1", model="m")
    prompt = assemble(Scene(turn=turn, history=(), now=NOW), References(), Recollection(), route)
    return "\n".join(message.content for message in prompt.messages)
