"""One bounded queue per channel, so that order is kept in each, and one limit on all turns at once."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.errors import TooBusy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Job = Callable[[], Awaitable[object]]
    Waiting = tuple[Job, Job | None]


def lane_full() -> TooBusy:
    return TooBusy("lane.full", "Too many messages are waiting here.", "Say it again when I have caught up.")


class Lanes:
    """Jobs of a lane run one after another, lanes beside each other; an idle lane costs nothing.

    A job may come with another one that puts it on record: done instead of it where the process stops first.
    """

    def __init__(self, *, waiting: int, at_once: int) -> None:
        self._waiting = waiting
        self._gate = asyncio.Semaphore(at_once)
        self._queues: dict[str, deque[Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = False

    def put(self, lane: str, job: Job, on_record: Job | None = None, *, always: bool = False) -> bool:
        """Queue a job; False when the lane is full (unless `always`) or the process is stopping."""
        if self.closed:
            return False
        queue = self._queues.get(lane)
        if queue is None:
            self._queues[lane] = deque(((job, on_record),))
            task = asyncio.create_task(self._work(lane), name=f"lane {lane}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return True
        if len(queue) >= self._waiting and not always:
            return False
        queue.append((job, on_record))
        return True

    async def _work(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue:
                async with self._gate:
                    try:
                        await queue[0][0]()
                    except Exception:  # noqa: BLE001 - a job answers for itself; the lane goes on
                        logger.exception("a job of lane {} failed", lane)
                queue.popleft()
        finally:
            del self._queues[lane]

    async def drain(self, within_s: float) -> bool:
        """Take nothing more and finish what is queued; what is left after that time is put on record (False)."""
        self.closed = True
        if not self._tasks:
            return True
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        waiting = [on_record for queue in self._queues.values() for _, on_record in list(queue)[1:]]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for on_record in waiting:
            if on_record is not None:
                await on_record()
        return not late
