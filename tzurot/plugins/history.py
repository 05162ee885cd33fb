"""`/history`: what characters read of a conversation, and its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.cards.chats import Chat, ChatLine, write_jsonl, write_text
from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import NotFound
from tzurot.ui.confirm import Confirm
from tzurot.ui.screen import File, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.discord.components import Router
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.conversations import Conversations, Exchanged
    from tzurot.tables.epochs import Epochs
    from tzurot.tables.messages import History
    from tzurot.ui.viewer import Viewer

PHRASE = "delete our history"
JSONL, TEXT = "jsonl, with all versions", "plain text"


class HistoryPlugin:
    def __init__(
        self,
        *,
        history: History,
        conversations: Conversations,
        epochs: Epochs,
        characters: Characters,
        router: Router,
    ) -> None:
        self._history = history
        self._conversations = conversations
        self._epochs = epochs
        self._characters = characters
        self.purge_screen = Confirm(
            key="history-purge",
            title="Delete a history for good",
            yes="Delete …",
            question=self._question,
            act=self._purge,
            phrase=PHRASE,
        )
        router.enter(self.purge_screen)

    @command("history clear", "Begin anew: what was said is hidden from a character", character=options.character())
    async def clear(self, asked: Asked, character: CharacterSummary) -> str:
        persona_id = asked.viewer.person.towards(character.id).persona_id
        await self._epochs.begin(persona_id, character.id, datetime.now(UTC))
        return (
            f"**{character.name}** reads nothing of what was said to you before now. `/history undo` shows it again;"
            " what it remembers of you stays."
        )

    @command("history undo", "Take the last /history clear back", character=options.character())
    async def undo(self, asked: Asked, character: CharacterSummary) -> str:
        persona_id = asked.viewer.person.towards(character.id).persona_id
        if not await self._epochs.undo(persona_id, character.id):
            raise NotFound("history.nothing_hidden", "Nothing is hidden.", "/history clear hides.")
        return f"**{character.name}** reads again what was hidden last."

    @command("history stats", "How much you and a character have said", character=options.character())
    async def stats(self, asked: Asked, character: CharacterSummary) -> Screen:
        persona_id = asked.viewer.person.towards(character.id).persona_id
        spoken = await self._history.spoken(persona_id, character.id)
        since = await self._epochs.since(persona_id, character.id)
        first = f"<t:{int(spoken.first_at.timestamp())}:f>" if spoken.first_at else "never"
        last = f"<t:{int(spoken.last_at.timestamp())}:R>" if spoken.last_at else "never"
        return Screen(
            title=f"You and {character.name}",
            fields=(
                ("You said", f"{spoken.by_person:,} messages"),
                (f"{character.name} said", f"{spoken.by_character:,} messages"),
                ("In", f"{spoken.places:,} places"),
                ("First", first),
                ("Last", last),
                ("Hidden", f"what is older than <t:{int(since.timestamp())}:f>" if since else "nothing"),
            ),
        )

    @command(
        "history export",
        "All you and a character have said, as a file",
        character=options.character(),
        kind=options.choice("For SillyTavern and others, or to read", JSONL, TEXT, required=False),
    )
    async def export(self, asked: Asked, character: CharacterSummary, kind: str | None) -> Screen:
        persona_id = asked.viewer.person.towards(character.id).persona_id
        said = await self._conversations.of(persona_id, character.id)
        if not said:
            raise NotFound("history.none", f"You and {character.name} have not talked yet.", "Say hello first.")
        chat = chat_of(said, asked.viewer.person.towards(character.id).name, character.name)
        content = write_text(chat).encode() if kind == TEXT else write_jsonl(chat)
        name = f"{character.slug}.{'txt' if kind == TEXT else 'jsonl'}"
        return Screen(
            title=f"You and {character.name}",
            text=f"{len(said):,} messages.",
            files=(File(name=name, content=content),),
        )

    @command("history purge", "Delete all you and a character have said, for good", character=options.character())
    async def purge(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self.purge_screen.ask(asked.viewer, str(character.id))

    async def _question(self, viewer: Viewer, subject: str) -> str:
        character = await self._characters.by_id(subject, viewer.user_id)
        return (
            f"Everything you and **{character.name}** have said is deleted here, in all places; the messages on Discord"
            " stay. This cannot be undone."
        )

    async def _purge(self, viewer: Viewer, subject: str) -> str:
        character = await self._characters.by_id(subject, viewer.user_id)
        persona_id = viewer.person.towards(character.id).persona_id
        count = await self._history.purge(persona_id, character.id)
        return f"Deleted of you and **{character.name}**: {count:,} messages."


def chat_of(said: Sequence[Exchanged], user: str, character: str) -> Chat:
    """A conversation as files know it; where a reply has versions, the shown one is among them."""
    lines: list[ChatLine] = []
    for one in said:
        swipes = one.takes if len(one.takes) > 1 else ()
        shown = next((n for n, take in enumerate(swipes) if take == one.text), len(swipes) - 1)
        lines.append(
            ChatLine(
                name=one.speaker,
                text=one.text,
                by_user=one.by_person,
                said_at=one.said_at,
                swipes=swipes,
                swipe=max(shown, 0),
            )
        )
    return Chat(user=user, character=character, created_at=said[0].said_at if said else None, lines=tuple(lines))
