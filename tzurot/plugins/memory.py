"""`/memory`: what characters remember of somebody, to look through, correct, lock, forget, take along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from tzurot.cards.chats import read_jsonl
from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid
from tzurot.memory.question import Cue
from tzurot.settings.catalog import FRESH_UNTIL, INCOGNITO_UNTIL
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope
from tzurot.ui.confirm import Confirm
from tzurot.ui.listing import View
from tzurot.ui.screen import File, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    import hikari

    from tzurot.cards.chats import ChatLine
    from tzurot.discord.components import Router
    from tzurot.memory.forget import Forgetting
    from tzurot.memory.shelf import Shelf
    from tzurot.memory.store import Memories
    from tzurot.memory.transfer import Transfer

    Transfers = Callable[[], Transfer]
    from tzurot.outbound import Outbound
    from tzurot.settings.setting import Setting
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.settings import Tuned
    from tzurot.ui.dreams import DreamScreens
    from tzurot.ui.memory import FactScreens, MemoryScreens
    from tzurot.ui.viewer import Viewer

PHRASE = "forget me"
LONGEST = 20_000
FOUND = 10
FILE_BYTES = 8 * 1024 * 1024
FOR_EVER = 2**40
SPANS = {"30 minutes": 30, "an hour": 60, "4 hours": 240, "until I turn it off": 0, "off": -1}
BACK = {"the last 5 minutes": 5, "the last 15 minutes": 15, "the last hour": 60}


class MemoryPlugin:
    def __init__(
        self,
        *,
        memories: Memories,
        shelf: Shelf,
        forgetting: Forgetting,
        transfer: Transfers,
        tuned: Tuned,
        characters: Characters,
        outbound: Outbound,
        memory_screens: MemoryScreens,
        fact_screens: FactScreens,
        dream_screens: DreamScreens,
        router: Router,
    ) -> None:
        self._memories = memories
        self._shelf = shelf
        self._forgetting = forgetting
        self._transfer = transfer
        self._tuned = tuned
        self._characters = characters
        self._outbound = outbound
        self._browsing = memory_screens
        self._facts = fact_screens
        self._tidied = dream_screens
        self.gone = Confirm(
            key="memory-purge",
            title="Forget everything",
            yes="Forget …",
            question=self._question,
            act=self._purge,
            phrase=PHRASE,
        )
        router.enter(*memory_screens.screens, *fact_screens.screens, *dream_screens.screens, self.gone)

    @command("memory browse", "What a character remembers of you", character=options.character())
    async def browse(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self._browsing.list.page(asked.viewer, View(subject=str(character.id)))

    @command(
        "memory search",
        "What would come up in a conversation",
        character=options.character(),
        text=options.text("What is said", limit=300),
    )
    async def search(self, asked: Asked, character: CharacterSummary, text: str) -> Screen:
        ids = _ids(asked.viewer, character)
        cue = Cue(text=text, now=datetime.now(UTC), everywhere=True)
        found = await self._memories.recall(*ids, cue, limit=FOUND, floor=False)
        lines = [f"`{one.score:5.2f}` **{one.episode.speaker}** {one.episode.text[:150]}" for one in found]
        return Screen(title=f"What {character.name} would think of", text="\n".join(lines) or "Nothing.")

    @command("memory facts", "What a character believes of you", character=options.character())
    async def facts(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self._facts.list.page(asked.viewer, View(subject=str(character.id)))

    @command("memory tidied", "What was tidied up at night, and how to bring it back", character=options.character())
    async def tidied(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self._tidied.list.page(asked.viewer, View(subject=str(character.id)))

    @command("memory stats", "How much a character remembers of you", character=options.character())
    async def stats(self, asked: Asked, character: CharacterSummary) -> Screen:
        stock = await self._shelf.stock(*_ids(asked.viewer, character))
        first = f"<t:{int(stock.first_at.timestamp())}:D>" if stock.first_at else "nothing yet"
        last = f"<t:{int(stock.last_at.timestamp())}:R>" if stock.last_at else "nothing yet"
        return Screen(
            title=f"What {character.name} has of you",
            fields=(
                ("Memories", f"{stock.memories:,} ({stock.locked:,} locked, {stock.archived:,} archived)"),
                ("Facts", f"{stock.facts:,}"),
                ("First", first),
                ("Last", last),
            ),
        )

    @command(
        "memory forget",
        "Forget what was just said, as if it had never been",
        character=options.character(),
        since=options.choice("Since when", *BACK),
    )
    async def forget(self, asked: Asked, character: CharacterSummary, since: str) -> str:
        moment = datetime.now(UTC) - timedelta(minutes=BACK[since])
        count = await self._forgetting.since(*_ids(asked.viewer, character), moment)
        return f"{count:,} memories of {since} are gone; what is locked stays."

    @command("memory purge", "Let a character forget you altogether", character=options.character())
    async def purge(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self.gone.ask(asked.viewer, str(character.id))

    @command(
        "memory fresh",
        "Answers as if a character had never met you: nothing is looked up",
        how_long=options.choice("For how long", *SPANS),
        character=options.character("Which; all without", required=False),
    )
    async def fresh(self, asked: Asked, how_long: str, character: CharacterSummary | None) -> str:
        until = await self._set(asked.viewer, FRESH_UNTIL, how_long, character)
        return f"Nothing is remembered in replies {until}." if until else "Characters look back again."

    @command(
        "memory incognito",
        "What you say leaves no trace: no memory, no history, no record",
        how_long=options.choice("For how long", *SPANS),
        character=options.character("With which; all without", required=False),
    )
    async def incognito(self, asked: Asked, how_long: str, character: CharacterSummary | None) -> str:
        until = await self._set(asked.viewer, INCOGNITO_UNTIL, how_long, character)
        return f"Nothing you say is kept {until}." if until else "What you say is kept again."

    @command("memory export", "All a character remembers of you, as a file", character=options.character())
    async def export(self, asked: Asked, character: CharacterSummary) -> Screen:
        lines = [line async for line in self._transfer().lines(*_ids(asked.viewer, character))]
        content = b"".join(lines)
        if len(content) > FILE_BYTES:
            raise Invalid("memory.too_large", "That is more than a message can carry.", "Ask the host for it.")
        return Screen(
            title=f"What {character.name} remembers of you",
            text=f"{len(lines):,} memories and facts, a line each.",
            files=(File(name=f"memory-{character.slug}.jsonl", content=content),) if lines else (),
        )

    @command(
        "memory import",
        "Bring memories of yours to a character",
        character=options.character(),
        file=options.file("A file of /memory export, or a chat in SillyTavern's JSONL"),
    )
    async def import_memories(self, asked: Asked, character: CharacterSummary, file: hikari.Attachment) -> str:
        content = await self._outbound.get(file.url, limit_bytes=FILE_BYTES)
        lines = content.splitlines()
        if lines and (b'"mes"' in content or b'"chat_metadata"' in lines[0]):
            lines = [memory_line(line) for line in read_jsonl(content).chat.lines if line.text.strip()]
        taken = await self._transfer().take(*_ids(asked.viewer, character), lines)
        return (
            f"**{character.name}** remembers {taken.memories:,} more lines and {taken.facts:,} more facts;"
            f" {taken.known:,} were known before, or forgotten here."
        )

    async def _set(
        self, viewer: Viewer, setting: Setting[int], how_long: str, character: CharacterSummary | None
    ) -> str:
        """Keep until when; the words for it, or none where it is off."""
        scope = Scope(Tier.USER.key, str(viewer.user_id))
        if character is not None:
            scope = Scope(Tier.USER_CHARACTER.key, f"{viewer.user_id}:{character.id}")
        minutes = SPANS[how_long]
        if minutes < 0:
            await self._tuned.clear(scope, setting.key)
            return ""
        until = int((datetime.now(UTC) + timedelta(minutes=minutes)).timestamp()) if minutes else FOR_EVER
        await self._tuned.put(scope, setting.key, until)
        return f"until <t:{until}:t>" if minutes else "until you turn it off"

    async def _question(self, viewer: Viewer, subject: str) -> str:
        character = await self._characters.by_id(subject, viewer.user_id)
        stock = await self._shelf.stock(*_ids(viewer, character))
        return (
            f"**{character.name}** forgets you: {stock.memories:,} memories and {stock.facts:,} facts, locked ones too."
            " This cannot be undone; /memory export keeps a copy."
        )

    async def _purge(self, viewer: Viewer, subject: str) -> str:
        character = await self._characters.by_id(subject, viewer.user_id)
        purged = await self._forgetting.purge(*_ids(viewer, character))
        return f"**{character.name}** has forgotten {purged.memories:,} memories and {purged.facts:,} facts."


def memory_line(said: ChatLine) -> bytes:
    """A line of a chat as a memory; one without a date is taken to be of the beginning of time as computers know it."""
    return orjson.dumps(
        {
            "type": "memory",
            "speaker": said.name,
            "by_character": not said.by_user,
            "text": said.text[:LONGEST],
            "said_at": said.said_at or datetime.fromtimestamp(0, UTC),
        }
    )


def _ids(viewer: Viewer, character: CharacterSummary) -> tuple[int, int]:
    """The persona that the character knows, and the character."""
    return viewer.person.towards(character.id).persona_id, character.id
