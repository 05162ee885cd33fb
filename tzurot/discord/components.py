"""One way for every click and every form: acknowledged, sent to its screen by its id, its errors shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import hikari
from loguru import logger

from tzurot.discord.notices import notice
from tzurot.discord.render import drawn
from tzurot.errors import Refused, TzurotError
from tzurot.talk import Speaker
from tzurot.ui.screen import Address, stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tzurot.tables.people import People, Person
    from tzurot.ui.screen import Screen

    Pressed = Callable[["Press"], Awaitable[Screen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Who pressed what: the address, a menu's values, a form's texts."""

    person: Person
    user_id: int
    address: Address
    values: Sequence[str] = ()
    texts: Mapping[str, str] | None = None


class Router:
    """Screens are entered by their key when plugins load; a click finds its screen whatever process drew it."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._screens: dict[str, Pressed] = {}

    def enter(self, key: str, pressed: Pressed) -> None:
        self._screens[key] = pressed

    async def route(self, event: hikari.InteractionCreateEvent) -> None:
        """Answer a click or a form; everything else is not ours."""
        interaction = event.interaction
        if isinstance(interaction, hikari.ComponentInteraction):
            await self._answer(interaction, interaction.values, None)
        elif isinstance(interaction, hikari.ModalInteraction):
            texts = {component.custom_id: component.value for row in interaction.components for component in row}
            await self._answer(interaction, (), texts)

    async def _answer(
        self,
        interaction: hikari.ComponentInteraction | hikari.ModalInteraction,
        values: Sequence[str],
        texts: Mapping[str, str] | None,
    ) -> None:
        try:
            await self._acknowledge(interaction)
            screen = await self._press(interaction, values, texts)
            await interaction.edit_initial_response(**drawn(screen))
        except TzurotError as error:
            await self._complain(interaction, error)
        except hikari.HTTPError as error:
            logger.warning("a click could not be answered: {}", error)
        except Exception:  # noqa: BLE001 - a click must not die silently
            logger.exception("a click failed: {}", interaction.custom_id)
            await self._complain(
                interaction,
                TzurotError("bug", "Something went wrong inside the bot.", "Please tell its host."),
            )

    @staticmethod
    async def _acknowledge(interaction: hikari.ComponentInteraction | hikari.ModalInteraction) -> None:
        """At once: Discord waits three seconds, and the database may be slower."""
        if isinstance(interaction, hikari.ModalInteraction) and interaction.message is None:
            await interaction.create_initial_response(
                hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
            )
        else:
            await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)

    async def _press(
        self,
        interaction: hikari.ComponentInteraction | hikari.ModalInteraction,
        values: Sequence[str],
        texts: Mapping[str, str] | None,
    ) -> Screen:
        address = Address.unpack(interaction.custom_id)
        pressed = self._screens.get(address.screen)
        if pressed is None:
            raise stale()
        if address.owner not in (0, int(interaction.user.id)):
            raise Refused("screen.not_yours", "Somebody else opened this screen.", "Run the command yourself.")
        person = await self._people.meet(speaker_of_interaction(interaction))
        return await pressed(
            Press(person=person, user_id=int(interaction.user.id), address=address, values=values, texts=texts)
        )

    @staticmethod
    async def _complain(interaction: hikari.ComponentInteraction | hikari.ModalInteraction, error: TzurotError) -> None:
        """The screen stays as it is; whoever pressed hears why nothing happened."""
        try:
            await interaction.execute(notice(error), flags=hikari.MessageFlag.EPHEMERAL)
        except hikari.HTTPError as lost:
            logger.warning("an error could not be shown: {}", lost)


def speaker_of_interaction(
    interaction: hikari.CommandInteraction
    | hikari.ComponentInteraction
    | hikari.ModalInteraction
    | hikari.AutocompleteInteraction,
) -> Speaker:
    """The person behind an interaction, named as the server names them."""
    member = interaction.member
    name = member.display_name if member is not None else interaction.user.display_name
    return Speaker(front="discord", external_id=str(int(interaction.user.id)), name=name or interaction.user.username)
