"""Lanes: one job after another in each, lanes beside each other, a bound, and an end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tzurot.pipeline.lanes import Lanes, lane_full

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Steps:
    """Jobs that wait until they are let go and write down what happened."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._changed = asyncio.Event()
        self._let: set[str] = set()

    def job(self, name: str, *, waits: bool = True) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            self.write(f"{name} begins")
            try:
                while waits and name not in self._let:
                    await self.change()
                self.write(f"{name} ends")
            except asyncio.CancelledError:
                self.write(f"{name} is cancelled")
                raise

        return work

    def write(self, line: str) -> None:
        self.log.append(line)
        self._tell()

    def let(self, *names: str) -> None:
        self._let |= set(names)
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def change(self) -> None:
        await self._changed.wait()

    async def until(self, line: str) -> None:
        async with asyncio.timeout(5):
            while line not in self.log:
                await self.change()


async def test_a_lane_keeps_order() -> None:
    lanes, steps = Lanes(waiting=10, at_once=4), Steps()
    for name in "abc":
        assert lanes.put("harbour", steps.job(name))
    steps.let("c", "b")  # whoever is ready early still waits for its turn
    await steps.until("a begins")
    assert steps.log == ["a begins"]
    steps.let("a")
    assert await lanes.drain(5)
    assert steps.log == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


async def test_lanes_run_beside_each_other() -> None:
    lanes, steps = Lanes(waiting=10, at_once=4), Steps()
    lanes.put("harbour", steps.job("slow"))
    lanes.put("market", steps.job("quick", waits=False))
    await steps.until("quick ends")
    assert "slow begins" in steps.log
    assert "slow ends" not in steps.log
    steps.let("slow")
    assert await lanes.drain(5)


async def test_only_so_many_jobs_run_at_once() -> None:
    lanes, steps = Lanes(waiting=10, at_once=2), Steps()
    for name in ("a", "b", "c"):
        lanes.put(name, steps.job(name))
    await steps.until("b begins")
    steps.let("a")
    await steps.until("c begins")
    assert steps.log.index("a ends") < steps.log.index("c begins")
    steps.let("b", "c")
    assert await lanes.drain(5)
    assert sum(line.endswith("ends") for line in steps.log) == 3


async def test_a_full_lane_says_so_and_the_others_do_not() -> None:
    lanes, steps = Lanes(waiting=2, at_once=4), Steps()
    for name in "abc":
        lanes.put("harbour", steps.job(name))
    await steps.until("a begins")  # what has begun waits no more
    assert lanes.is_full("harbour")
    assert not lanes.is_full("market")
    assert lane_full().code == "lane.full"
    lanes.put("harbour", steps.job("d"))  # what was accepted before it was full is still taken
    steps.let(*"abcd")
    assert await lanes.drain(5)
    assert "d ends" in steps.log
    assert not lanes.is_full("harbour")


async def test_a_job_that_cancels_itself_does_not_take_its_lane_along() -> None:
    async def cancels() -> None:
        raise asyncio.CancelledError

    lanes, steps = Lanes(waiting=5, at_once=4), Steps()
    lanes.put("harbour", cancels)
    lanes.put("harbour", steps.job("next", waits=False))
    await steps.until("next ends")


async def test_an_idle_lane_begins_again() -> None:
    lanes, steps = Lanes(waiting=1, at_once=1), Steps()
    for name in "abc":
        assert lanes.put("harbour", steps.job(name, waits=False))
        await steps.until(f"{name} ends")
        await asyncio.sleep(0)  # the lane's task takes its leave
    assert await lanes.drain(5)


@pytest.mark.parametrize("error", [RuntimeError("oh no"), KeyError(), TimeoutError()])
async def test_a_job_that_fails_does_not_stop_its_lane(error: Exception) -> None:
    lanes, steps = Lanes(waiting=5, at_once=1), Steps()

    async def fail() -> None:
        raise error

    lanes.put("harbour", fail)
    lanes.put("harbour", steps.job("after", waits=False))
    await steps.until("after ends")
    assert await lanes.drain(5)


async def test_while_draining_nothing_new_is_taken_and_everything_waiting_is_done() -> None:
    lanes, steps = Lanes(waiting=5, at_once=1), Steps()
    for name in "ab":
        lanes.put("harbour", steps.job(name))
    lanes.put("market", steps.job("c"))
    draining = asyncio.create_task(lanes.drain(5))
    await steps.until("a begins")
    assert not lanes.put("harbour", steps.job("d"))
    assert not lanes.put("elsewhere", steps.job("e"))
    steps.let(*"abcde")
    assert await draining
    assert sorted(line[0] for line in steps.log if line.endswith("ends")) == ["a", "b", "c"]


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    lanes, steps = Lanes(waiting=5, at_once=4), Steps()
    lanes.put("harbour", steps.job("forever"))
    lanes.put("harbour", steps.job("never begun"))
    lanes.put("market", steps.job("quick", waits=False))
    await steps.until("forever begins")
    assert not await lanes.drain(0.05)
    assert steps.log[-1] == "forever is cancelled"
    assert "quick ends" in steps.log
    assert "never begun begins" not in steps.log


async def test_with_nothing_to_do_there_is_nothing_to_wait_for() -> None:
    assert await Lanes(waiting=1, at_once=1).drain(0)
