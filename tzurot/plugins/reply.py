"""What can be done with a reply: from its menu, with the buttons below it, or by a reaction of the same sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord.commands import Asked, message_command
from tzurot.errors import TzurotError
from tzurot.pipeline.actions import gone, not_yours
from tzurot.talk import Speaker
from tzurot.ui.reply import AGAIN, BELOW, DELETE, GO_ON, NEXT, PREVIOUS, REMEMBER, Deed, deed_for, deed_of
from tzurot.ui.screen import Address, Answer, Button, Press, Screen
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    import hikari

    from tzurot.discord.components import Router
    from tzurot.pipeline.actions import Actions, Versions
    from tzurot.pipeline.front import Front
    from tzurot.tables.people import People
    from tzurot.tables.turns import Ledger
    from tzurot.ui.viewer import Viewer

REMEMBERED = "It is kept for good: no tidying up of memories takes it away."
STEPS = {PREVIOUS: -1, NEXT: 1}
GONE = "It is gone here, from the history and from memory."


class ReplyPlugin:
    key = "reply"

    def __init__(self, *, actions: Actions, ledger: Ledger, people: People, front: Front, router: Router) -> None:
        self._actions = actions
        self._ledger = ledger
        self._people = people
        self._front = front
        router.enter(self, Below(self))

    @message_command("Regenerate")
    async def regenerate(self, asked: Asked, message: hikari.Message) -> Screen:
        return self._panel(asked.viewer, await self._of_message(AGAIN, asked.viewer, message))

    @message_command("Continue")
    async def go_on(self, asked: Asked, message: hikari.Message) -> str:
        await self._of_message(GO_ON, asked.viewer, message)
        return "It went on."

    @message_command("Remember this")
    async def remember(self, asked: Asked, message: hikari.Message) -> str:
        await self._of_message(REMEMBER, asked.viewer, message)
        return REMEMBERED

    @message_command("Delete reply")
    async def delete(self, asked: Asked, message: hikari.Message) -> str:
        await self._of_message(DELETE, asked.viewer, message)
        return GONE

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The buttons of the panel."""
        deed = deed_for(press.address.verb)
        versions = await self.do(deed, viewer, press.address.number(0))
        if deed is DELETE:
            return Screen(title="Reply", text=GONE)
        return self._panel(viewer, versions)

    async def on_reaction(self, event: hikari.ReactionAddEvent) -> None:
        """Somebody puts a sign under a message; where it was not for them to do, nothing happens."""
        deed = deed_of(event.emoji_name or "")
        turn_id = await self._ledger.turn_of(int(event.message_id)) if deed is not None else None
        if deed is None or turn_id is None:
            return
        person = await self._people.find(Speaker(front="discord", external_id=str(int(event.user_id)), name=""))
        stored = await self._ledger.stored(turn_id)
        if person is None or stored.turn.user_id != person.user_id:
            return
        try:
            await self._do(deed, await self._actions.versions(turn_id))
        except TzurotError as error:
            await self._front.tell(stored.turn.incoming, error, "")

    async def do(self, deed: Deed, viewer: Viewer, turn_id: int) -> Versions:
        """Raises Refused where the reply was made for somebody else: a new one would be charged to them."""
        versions = await self._actions.versions(turn_id)
        managed = deed.or_manager and viewer.has(Power.CHANNEL_MANAGER)
        if versions.asked_by != viewer.user_id and not managed:
            raise not_yours()
        return await self._do(deed, versions)

    async def _of_message(self, deed: Deed, viewer: Viewer, message: hikari.Message) -> Versions:
        turn_id = await self._ledger.turn_of(int(message.id))
        if turn_id is None:
            raise gone()
        return await self.do(deed, viewer, turn_id)

    async def _do(self, deed: Deed, versions: Versions) -> Versions:
        turn_id = versions.turn_id
        if deed is AGAIN:
            return await self._actions.regenerate(turn_id, self._front)
        if deed in STEPS:
            return await self._actions.show(turn_id, STEPS[deed], self._front)
        if deed is GO_ON:
            await self._actions.go_on(turn_id, self._front)
        elif deed is REMEMBER:
            await self._actions.keep(turn_id)
        else:
            await self._actions.retract(turn_id, self._front)
        return versions

    def _panel(self, viewer: Viewer, versions: Versions) -> Screen:
        able = {PREVIOUS: versions.shown > 0, NEXT: versions.shown < len(versions.takes) - 1}
        return Screen(
            title="Reply",
            text=f"Version {versions.shown + 1} of {len(versions.takes)} is shown; only that one is remembered.",
            buttons=tuple(
                Button(
                    label=f"{deed.sign} {deed.label}",
                    address=Address(
                        screen=self.key, verb=deed.verb, owner=viewer.front_id, arguments=(str(versions.turn_id),)
                    ),
                    enabled=able.get(deed, True),
                    style="danger" if deed is DELETE else "plain",
                )
                for deed in (PREVIOUS, NEXT, AGAIN, REMEMBER, DELETE)
            ),
        )


class Below:
    """The same deeds from below the reply, which stays as it is."""

    key = BELOW

    def __init__(self, reply: ReplyPlugin) -> None:
        self._reply = reply

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        deed = deed_for(press.address.verb)
        await self._reply.do(deed, viewer, press.address.number(0))
        # what it does to the reply is seen there
        return Screen(title="Reply", text=REMEMBERED, beside=True) if deed is REMEMBER else None
