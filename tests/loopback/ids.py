"""Snowflakes: fixed ones for the world's furniture, the clock's for everything said in it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
FURNITURE_FROM = 1_000_000_000_000_000_000


class Snowflakes:
    """Ids that only ever grow.

    Furniture (people, guilds, channels, roles) is numbered in the order it is built: the same world has the
    same ids in every run, and a database that outlived the loopback still knows everybody.
    """

    def __init__(self) -> None:
        self._furniture = FURNITURE_FROM
        self._last = 0

    def furniture(self) -> str:
        self._furniture += 1 << 22
        return str(self._furniture)

    def now(self) -> str:
        clock = (time.time_ns() // 1_000_000 - EPOCH_MS) << 22
        self._last = max(clock, self._last + 1)
        return str(self._last)


def said_at(snowflake: str) -> str:
    """When this id was made, as Discord writes a time."""
    seconds = ((int(snowflake) >> 22) + EPOCH_MS) / 1000
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")


def now_iso() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds")
