"""One way for every click and every form: acknowledged, sent to its screen by its id, its errors shown."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import hikari
from loguru import logger

from tzurot.discord.notices import notice
from tzurot.discord.render import cut, drawn, form_rows
from tzurot.errors import Refused, StoreDown, TzurotError, bug
from tzurot.ui.screen import FILL, Address, Form, Press, Screen, stale

if TYPE_CHECKING:
    from tzurot.discord.viewers import Viewers
    from tzurot.ui.screen import Answer, Pressable
    from tzurot.ui.viewer import Viewer

    Pressed = hikari.ComponentInteraction | hikari.ModalInteraction

FORM_WAIT_S = 0.5
FORM_TITLE = 45


class Router:
    """Screens are entered when plugins are made; a click finds its screen whatever process drew it."""

    def __init__(self, viewers: Viewers) -> None:
        self._viewers = viewers
        self._screens: dict[str, Pressable] = {}

    def enter(self, *screens: Pressable) -> None:
        for screen in screens:
            assert screen.key not in self._screens, f"two screens are called {screen.key}"
            self._screens[screen.key] = screen

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._screens)

    async def route(self, event: hikari.InteractionCreateEvent) -> None:
        """Answer a click or a form; everything else is not ours."""
        interaction = event.interaction
        if not isinstance(interaction, hikari.ComponentInteraction | hikari.ModalInteraction):
            return
        acknowledged = False
        try:
            press = _press_of(interaction)
            if press.address.verb == FILL and isinstance(interaction, hikari.ComponentInteraction):
                form = await self._in_time(interaction, press)
                title = cut(form.title, FORM_TITLE)
                await interaction.create_modal_response(title, form.address.pack(), components=form_rows(form))
                return
            await _acknowledge(interaction)
            acknowledged = True
            answer = await self._pressed(interaction, press)
            if isinstance(answer, Screen) and answer.beside:
                shown = drawn(answer)
                await interaction.execute(
                    embeds=shown["embeds"], components=shown["components"], flags=hikari.MessageFlag.EPHEMERAL
                )
            elif isinstance(answer, Screen):
                await interaction.edit_initial_response(**drawn(answer))
        except TzurotError as error:
            await _complain(interaction, error, acknowledged=acknowledged)
        except hikari.HTTPError as error:
            logger.warning("a click could not be answered: {}", error)
        except Exception:  # noqa: BLE001 - a click must not die silently
            logger.exception("a click failed: {}", interaction.custom_id)
            await _complain(interaction, bug(), acknowledged=acknowledged)

    async def _in_time(self, interaction: Pressed, press: Press) -> Form:
        """A form has to be the first response, so its values cannot be waited for as long as it takes."""
        loading = asyncio.create_task(self._pressed(interaction, press))
        # not cancelled when it is late: a query that is being cancelled has to be waited for as well
        loading.add_done_callback(_let_go)
        await asyncio.wait({loading}, timeout=FORM_WAIT_S)
        if not loading.done():
            raise slow()
        answer = loading.result()
        if not isinstance(answer, Form):
            raise stale()
        return answer

    async def _pressed(self, interaction: Pressed, press: Press) -> Answer:
        if press.address.owner not in (0, int(interaction.user.id)):
            raise Refused("screen.not_yours", "Somebody else opened this screen.", "Run the command yourself.")
        return await self.press(await self._viewers.of(interaction), press)

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """What a press leads to.

        Raises:
            Invalid: no screen of that name is known.

        """
        screen = self._screens.get(press.address.screen)
        if screen is None:
            raise stale()
        return await screen.press(viewer, press)


def slow() -> StoreDown:
    return StoreDown("database.slow", "The database is slow just now.", "Press it again in a few seconds.")


def _let_go(loading: asyncio.Task[Answer]) -> None:
    """What went wrong is told to whoever waited for it, or to nobody."""
    if not loading.cancelled():
        loading.exception()


def _press_of(interaction: Pressed) -> Press:
    address = Address.unpack(interaction.custom_id)
    if isinstance(interaction, hikari.ComponentInteraction):
        return Press(address=address, values=interaction.values)
    typed = {component.custom_id: component.value for row in interaction.components for component in row}
    return Press(address=address, texts=typed)


async def _acknowledge(interaction: Pressed) -> None:
    """At once: Discord waits three seconds, and the database may be slower."""
    if isinstance(interaction, hikari.ModalInteraction) and interaction.message is None:
        await interaction.create_initial_response(
            hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
        )
    else:
        await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)


async def _complain(interaction: Pressed, error: TzurotError, *, acknowledged: bool) -> None:
    """The screen stays as it is; whoever pressed hears why nothing happened."""
    private = hikari.MessageFlag.EPHEMERAL
    try:
        if acknowledged:
            await interaction.execute(notice(error), flags=private)
        else:
            await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, notice(error), flags=private)
    except hikari.HTTPError as lost:
        logger.warning("an error could not be shown: {}", lost)
