"""What was said while nobody listened: read after a start and after a lost session, and answered the normal way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.discord.webhooks import LOST
from tzurot.pipeline.remember import snowflake_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import hikari

    from tzurot.tables.channels import Activations
    from tzurot.tables.turns import Ledger

STILL_ANSWERED = timedelta(minutes=5)
SPOKEN_WITHIN = timedelta(days=1)
CHANNELS = 200
MESSAGES = 300  # three requests, where so much was said


class CatchUp:
    """Reads where a character is active or has spoken lately. What was answered meets the ledger, and stops there."""

    def __init__(
        self,
        bot: hikari.GatewayBot,
        ledger: Ledger,
        activations: Activations,
        heard: Callable[[hikari.Message], Awaitable[None]],
    ) -> None:
        self._bot = bot
        self._ledger = ledger
        self._activations = activations
        self._heard = heard
        self._reading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Read beside everything else; once at a time."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all(), name="catch up")

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_all(self) -> None:
        try:
            active = tuple(await self._activations.everywhere())
            spoken = await self._ledger.channels_of("discord", SPOKEN_WITHIN, CHANNELS)
            for channel_id in dict.fromkeys((*active, *spoken)):
                await self._read(channel_id)
        except Exception:  # noqa: BLE001 - what is missed is missed, the bot goes on
            logger.exception("what was said meanwhile could not be read")

    async def _read(self, channel_id: int) -> None:
        """What is younger than five minutes: older questions are not answered out of the blue.

        The newest first: where more was said than is read, it is the oldest that is left.
        """
        since = snowflake_at(datetime.now(UTC) - STILL_ANSWERED)
        try:
            newest = self._bot.rest.fetch_messages(channel_id).limit(MESSAGES)
            missed = [message async for message in newest.take_while(lambda message: message.id > since)]
        except LOST as error:
            logger.debug("channel {} could not be read: {}", channel_id, error)
            return
        # what was answered would meet the ledger too, but first it would fill the lane and be counted as a turn
        over = await self._ledger.over([int(message.id) for message in missed])
        for message in sorted(missed, key=lambda message: message.id):
            if int(message.id) not in over:
                await self._heard(message)
