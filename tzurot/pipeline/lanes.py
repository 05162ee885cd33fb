"""One bounded queue per channel, so that order is kept in each, and one limit on all turns at once."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING, TypeVar

from loguru import logger

from tzurot.errors import TooBusy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    ResultT = TypeVar("ResultT")
    Job = Callable[[], Awaitable[object]]


def lane_full() -> TooBusy:
    return TooBusy("lane.full", "Too many messages are waiting here.", "Say it again when I have caught up.")


class Lanes:
    """Jobs of a lane run one after another, lanes beside each other; an idle lane costs nothing."""

    def __init__(self, *, waiting: int, at_once: int) -> None:
        self._waiting = waiting
        self._at_once = at_once
        self._gate = asyncio.Semaphore(at_once)
        self._queues: dict[str, deque[Job]] = {}
        self._wanted: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = False

    def waits(self, lane: str) -> bool:
        """Whether what is put into a lane now has to wait: for others in it, or because so many run in all."""
        return lane in self._queues or len(self._queues) >= self._at_once

    def is_wanted(self, lane: str) -> bool:
        """Whether somebody waits for the job that is being done there to end."""
        return self.closed or self._wanted[lane] > 0

    def is_full(self, lane: str) -> bool:
        return len(self._queues.get(lane, ())) >= self._waiting

    def put(self, lane: str, job: Job, *, waited_for: bool = True) -> bool:
        """Queue a job, even where the lane is full; False when the process is stopping.

        Not `waited_for`: nobody looks forward to it, and what runs need not make haste.
        """
        if self.closed:
            return False
        queue = self._queues.get(lane)
        if queue is None:
            self._queues[lane] = deque((job,))
            task = asyncio.create_task(self._work(lane), name=f"lane {lane}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return True
        queue.append(self._counted(lane, job) if waited_for else job)
        return True

    def _counted(self, lane: str, job: Job) -> Job:
        """A job that is wanted until it begins."""
        self._wanted[lane] += 1

        async def counted() -> None:
            self._wanted[lane] -= 1
            if not self._wanted[lane]:
                del self._wanted[lane]
            await job()

        return counted

    async def do(self, lane: str, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Run something behind what is queued in a lane, and wait for what it gives or raises.

        Raises:
            TooBusy: the process is stopping.

        """
        done: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()

        async def job() -> None:
            try:
                result = await work()
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                done.set_exception(error)
            else:
                done.set_result(result)

        if not self.put(lane, job):
            raise TooBusy("lane.closed", "The bot is being restarted.", "Try again in a minute.")
        return await done

    async def _work(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue:
                async with self._gate:
                    await _done(queue.popleft(), lane)
        finally:
            del self._queues[lane]

    async def drain(self, within_s: float) -> bool:
        """Take nothing more and finish what is queued; what is left after that time is cancelled (False)."""
        self.closed = True
        if not self._tasks:
            return True
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late


async def _done(job: Job, lane: str) -> None:
    """A job answers for itself: whatever it raises, those behind it go on."""
    try:
        await job()
    except Exception:  # noqa: BLE001
        logger.exception("a job of lane {} failed", lane)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        logger.warning("a job of lane {} was cancelled", lane)
