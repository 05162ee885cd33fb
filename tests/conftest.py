"""What every kind of test may ask for."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from tests.postgres import Cluster, cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", metavar="DIR", help="directory of case tables (default: the shared fixtures)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The run's own server. Its supervisor lives in a loop of its own, because every test has another."""
    ready: list[Cluster] = []
    started, stop = threading.Event(), threading.Event()

    async def keep() -> None:
        async with cluster() as made:
            ready.append(made)
            started.set()
            await asyncio.to_thread(stop.wait)

    def run() -> None:
        try:
            asyncio.run(keep())
        finally:
            started.set()

    thread = threading.Thread(target=run, name="postgres")
    thread.start()
    started.wait(60)
    if not ready:
        thread.join()
        pytest.fail("the database for the tests did not start")
    yield ready[0]
    stop.set()
    thread.join(30)


@pytest.fixture
async def database_url(postgres: Cluster) -> str:
    """A fresh database with the starters in it."""
    return await postgres.clone()
