"""What can be done with a reply from its menu: make it anew, leaf through its versions, go on, take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord.commands import Asked, message_command
from tzurot.pipeline.actions import gone, not_yours
from tzurot.ui.screen import Address, Answer, Button, Press, Screen, stale
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    import hikari

    from tzurot.discord.components import Router
    from tzurot.pipeline.actions import Actions, Versions
    from tzurot.pipeline.front import Front
    from tzurot.tables.turns import Ledger
    from tzurot.ui.viewer import Viewer


class ReplyPlugin:
    key = "reply"

    def __init__(self, *, actions: Actions, ledger: Ledger, front: Front, router: Router) -> None:
        self._actions = actions
        self._ledger = ledger
        self._front = front
        router.enter(self)

    @message_command("Regenerate")
    async def regenerate(self, asked: Asked, message: hikari.Message) -> Screen:
        versions = await self._mine(asked.viewer, await self._turn(message))
        return self._panel(asked.viewer, await self._actions.regenerate(versions.turn_id, self._front))

    @message_command("Continue")
    async def go_on(self, asked: Asked, message: hikari.Message) -> str:
        versions = await self._mine(asked.viewer, await self._turn(message))
        await self._actions.go_on(versions.turn_id, int(asked.context.interaction.id), self._front)
        return "It went on."

    @message_command("Delete reply")
    async def delete(self, asked: Asked, message: hikari.Message) -> str:
        versions = await self._mine(asked.viewer, await self._turn(message), or_manager=True)
        await self._actions.retract(versions.turn_id, self._front)
        return "It is gone here, from the history and from memory."

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The buttons of the panel."""
        turn_id = press.address.number(0)
        versions = await self._mine(viewer, turn_id, or_manager=press.address.verb == "delete")
        match press.address.verb:
            case "again":
                return self._panel(viewer, await self._actions.regenerate(versions.turn_id, self._front))
            case "previous" | "next":
                step = 1 if press.address.verb == "next" else -1
                return self._panel(viewer, await self._actions.show(versions.turn_id, step, self._front))
            case "delete":
                await self._actions.retract(versions.turn_id, self._front)
                return Screen(title="Reply", text="It is gone here, from the history and from memory.")
            case _:
                raise stale()

    def _panel(self, viewer: Viewer, versions: Versions) -> Screen:
        def button(label: str, verb: str, *, enabled: bool = True) -> Button:
            address = Address(screen=self.key, verb=verb, owner=viewer.front_id, arguments=(str(versions.turn_id),))
            return Button(
                label=label, address=address, enabled=enabled, style="danger" if verb == "delete" else "plain"
            )

        return Screen(
            title="Reply",
            text=f"Version {versions.shown + 1} of {len(versions.takes)} is shown; only that one is remembered.",
            buttons=(
                button("◀ Previous", "previous", enabled=versions.shown > 0),
                button("Next ▶", "next", enabled=versions.shown < len(versions.takes) - 1),
                button("Once more", "again"),
                button("Delete", "delete"),
            ),
        )

    async def _turn(self, message: hikari.Message) -> int:
        turn_id = await self._ledger.turn_of(int(message.id))
        if turn_id is None:
            raise gone()
        return turn_id

    async def _mine(self, viewer: Viewer, turn_id: int, *, or_manager: bool = False) -> Versions:
        """Raises Refused where the reply was made for somebody else: a new one would be charged to them."""
        versions = await self._actions.versions(turn_id)
        may = versions.asked_by == viewer.user_id or (or_manager and viewer.has(Power.CHANNEL_MANAGER))
        if not may:
            raise not_yours()
        return versions
