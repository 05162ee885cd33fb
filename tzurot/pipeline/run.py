"""A turn from end to end: every step in order, timed, recorded, and never silent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from cachetools import LRUCache
from loguru import logger

from tzurot.errors import ProviderFailed, TzurotError, bug
from tzurot.log import turn_reference
from tzurot.pipeline.assembly import assemble
from tzurot.pipeline.delivery import PASSING
from tzurot.pipeline.flight import Flight
from tzurot.pipeline.live import Live, Unsettled, is_shown_live
from tzurot.pipeline.lore import is_heavy, scripts_of
from tzurot.pipeline.quality import is_poor
from tzurot.pipeline.reply import compose
from tzurot.pipeline.turn import Turn

if TYPE_CHECKING:
    from tzurot.llm.chat import Route
    from tzurot.pipeline.attachments import ReadAttachments
    from tzurot.pipeline.completion import Complete
    from tzurot.pipeline.delivery import Deliver
    from tzurot.pipeline.fetch import Fetch
    from tzurot.pipeline.front import Draft, Front
    from tzurot.pipeline.references import FindReferences
    from tzurot.pipeline.remember import Remember
    from tzurot.pipeline.retrieval import Retrieval
    from tzurot.pipeline.routes import Routes
    from tzurot.pipeline.turn import Delivery, Prompt, Recollection, References, Reply, Scene
    from tzurot.tables.characters import Characters
    from tzurot.tables.drafts import Drafts
    from tzurot.tables.people import People
    from tzurot.tables.turns import Accepted, Ledger


ASKED_AGAIN = 2
TOLD_KEPT = 1000
UNSEEN = frozenset({"llm.refused", "llm.model_unknown", "llm.error", "llm.down"})  # how servers say that one is blind
NOTHING_SAID = frozenset({"llm.only_thoughts", "llm.nothing_said"})


class Run:
    """Answers accepted turns. A person who addressed a character gets the reply or a sentence, whatever happens."""

    def __init__(
        self,
        *,
        characters: Characters,
        people: People,
        fetch: Fetch,
        references: FindReferences,
        attachments: ReadAttachments,
        retrieval: Retrieval,
        complete: Complete,
        deliver: Deliver,
        remember: Remember,
        ledger: Ledger,
        drafts: Drafts,
        routes: Routes,
    ) -> None:
        self._characters = characters
        self._people = people
        self._fetch = fetch
        self._references = references
        self._attachments = attachments
        self._retrieval = retrieval
        self._complete = complete
        self._deliver = deliver
        self._remember = remember
        self._ledger = ledger
        self._drafts = drafts
        self._routes = routes
        self.stranded: set[int] = set()
        self._told: LRUCache[tuple[int, str], None] = LRUCache(TOLD_KEPT)

    async def __call__(
        self, accepted: Accepted, front: Front, before: asyncio.Task[Delivery | None] | None = None
    ) -> Delivery | None:
        """Run one turn; None when it ended in a sentence to the person instead.

        `before` is who speaks first of several that answer the same message: nothing is posted until it is done.
        """
        with turn_reference(accepted.reference):
            flight: Flight | None = None
            try:
                turn = await self.turn_of(accepted)
                flight = Flight(turn)
                delivery = await self._fly(turn, front, flight, before)
            except Exception as error:  # noqa: BLE001 - whatever it was, the person hears of it
                await self._crash(accepted, front, flight, error)
                return None
            await self._keep(delivery, flight)
            return delivery

    async def merge(self, accepted: Accepted) -> None:
        """End a turn whose words are answered together with what the person said next."""
        await self._remember.unanswered(await self.turn_of(accepted), None, "merged")

    async def turn_of(self, accepted: Accepted) -> Turn:
        """An accepted turn with who speaks and who asked; raises NotFound where the character was deleted."""
        person = await self._people.meet(accepted.incoming.utterance.speaker)
        return Turn(
            accepted=accepted,
            character=await self._characters.get(accepted.character_id),
            asked_by=person.towards(accepted.character_id),
        )

    async def _fly(
        self, turn: Turn, front: Front, flight: Flight, before: asyncio.Task[Delivery | None] | None
    ) -> Delivery:
        async with front.composing(turn) as draft:
            with flight.step("fetch"):
                flight.scene = scene = await self._fetch(turn, front)
            with flight.step("route"):
                route = await self._routes.choose(turn.accepted.user_id, scene.settings)
            with flight.step("references"):
                flight.references = references = await self._references(scene, front)
            if any(said.attachments or said.reply_attachments or "://" in said.text for said in turn.said):
                with flight.step("attachments"):
                    attached = await self._attachments(scene, route)
                flight.references = references = replace(references, attached=attached)
            with flight.step("retrieval"):
                flight.recollection = recollection = await self._retrieval(scene)
            with flight.step("assembly"):
                flight.prompt = prompt = await self._assembled(scene, references, recollection, route)
            await self._fetch.moved_on(scene, prompt)
            if is_shown_live(scene, draft, waits=before is not None):
                async with Live(turn, front, self._drafts, self._deliver) as live:
                    reply = await self._seen_or_told(scene, prompt, live, flight)
                flight.shown_as = live.message_id
            else:
                reply = await self._seen_or_told(scene, prompt, draft, flight)
            if before is not None:
                await asyncio.wait({before})
        with flight.step("delivery"):
            return await self._deliver(reply, front)

    async def _seen_or_told(self, scene: Scene, prompt: Prompt, draft: Draft, flight: Flight) -> Reply:
        """What the character says; where the model turns out to be blind, pictures are told to it in words."""
        try:
            return await self._reply(scene, prompt, draft, flight)
        except ProviderFailed as error:
            if error.code not in UNSEEN or not any(one.picture for one in flight.attached) or not draft.restart():
                raise
            logger.info("asking again without the pictures: {}", error.sentence)
        assert flight.references is not None
        assert flight.recollection is not None
        attached = await self._attachments.in_words(scene, flight.attached)
        flight.references = replace(flight.references, attached=attached)
        flight.prompt = await self._assembled(scene, flight.references, flight.recollection, prompt.route)
        return await self._reply(scene, flight.prompt, draft, flight)

    @staticmethod
    async def _assembled(scene: Scene, references: References, recollection: Recollection, route: Route) -> Prompt:
        """The prompt; in a thread where nobody can tell how long it takes."""
        if is_heavy(scene):
            return await asyncio.to_thread(assemble, scene, references, recollection, route)
        return assemble(scene, references, recollection, route)

    async def _reply(self, scene: Scene, prompt: Prompt, draft: Draft, flight: Flight) -> Reply:
        """What the character says. A model that says nothing of its own (only thoughts, say) is asked again.

        So is one, once, that says what was said before, as long as nobody has seen it.
        """
        begun = monotonic()
        poor: Reply | None = None
        for asked_again in range(ASKED_AGAIN + 1):
            try:
                with flight.step("completion"):
                    flight.completion = completion = await self._complete(scene, prompt, draft, flight.attempts)
                with flight.step("cleanup"):
                    heavy = bool(scripts_of(scene))
                    reply = await asyncio.to_thread(compose, scene, completion) if heavy else compose(scene, completion)
                late = monotonic() - begun > prompt.route.total_s / 2
                if asked_again or late or draft.streams or not is_poor(scene, completion, reply):
                    return reply
                poor = reply
                logger.info("asking again: the answer says nothing new, or hardly anything")
            except ProviderFailed as error:
                if poor is not None:
                    return poor
                late = monotonic() - begun > prompt.route.total_s / 2
                if error.code not in NOTHING_SAID or asked_again == ASKED_AGAIN or late or not draft.restart():
                    raise
                logger.info("asking again: {}", error.sentence)
        raise AssertionError("the last time returns or raises")

    async def _keep(self, delivery: Delivery, flight: Flight) -> None:
        """A reply that was said stands, even if it cannot be remembered: a restart tries again."""
        try:
            await self._remember(
                delivery.turn, delivery.text, delivery.message_ids, flight.record(), attached=flight.attached
            )
        except Exception:  # noqa: BLE001
            logger.exception("the reply was posted, but could not be remembered")

    async def _withdraw(self, accepted: Accepted, front: Front, gone: Flight | None) -> None:
        """Take back the beginning of a reply that will not come; where the ledger's row went, the flight knows it."""
        try:
            message_id = await self._drafts.drop(accepted.id) or (gone.shown_as if gone is not None else None)
            if message_id is not None:
                await front.retract(accepted.incoming.utterance.place, message_id)
        except TzurotError as error:
            logger.warning("an unfinished reply stays: {}", error)

    async def _crash(self, accepted: Accepted, front: Front, flight: Flight | None, error: Exception) -> None:
        if isinstance(error, TzurotError):
            known = error
            logger.warning("no reply: {} {}", error.code, error)
        else:
            logger.opt(exception=error).error("no reply: {}", type(error).__name__)
            known = bug()
        begun = flight is not None and "delivery" in flight.steps_ms
        if isinstance(error, Unsettled) or (begun and known.code in PASSING):
            logger.warning("the reply is kept and will be posted when that is over")
            self.stranded.add(accepted.id)
            return
        if known.code == "turn.taken":
            return  # another process answers
        await self._withdraw(accepted, front, flight if known.code == "character.deleted" else None)
        told = accepted.incoming.utterance.message_id, known.code
        if told not in self._told:  # several characters that fail for one reason need not all say so
            self._told[told] = None
            await front.tell(accepted.incoming, known, accepted.reference)
        try:
            if flight is None:
                await self._ledger.end(accepted.id, "failed")
            else:
                flight.error = known
                await self._remember.unanswered(flight.turn, flight.record(), "failed", flight.attached)
        except Exception:  # noqa: BLE001
            logger.exception("the failed turn could not be recorded")
