"""What the tests of the embedded server share: other processes, data directories, questions."""

# ruff: noqa: TID251 - files and processes are the subject
from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from loguru import logger

from tzurot.database import binaries
from tzurot.database.server import Address, EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it changes accounts")
SCRIPT = Path(__file__).with_name("server_process.py")
LONG_S = 15.0


async def until(what: Callable[[], Any], within_s: float = LONG_S) -> Any:
    """What `what` gives once that is true."""
    deadline = time.monotonic() + within_s
    while not (value := what()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.005)
    return value


async def ask(address: Address, sql: str) -> Any:
    connection = await asyncpg.connect(**address.arguments())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def ask_patiently(address: Address, sql: str) -> Any:
    """As a pool would: try again while the server is being restarted."""
    deadline = time.monotonic() + LONG_S
    while True:
        try:
            return await ask(address, sql)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


async def fill(address: Address) -> None:
    await ask(address, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")


async def filled(address: Address) -> bool:
    return await ask_patiently(address, "SELECT count(*) FROM kept") == 1000


def servers(home: Path) -> list[int]:
    """Every process of Postgres that works on the data in `home`, its tools included."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone
            if (process / "comm").read_text().strip() in ("postgres", "initdb"):
                places = [process / "cwd", *(process / "fd").iterdir()]
                if any(str(place.readlink()).startswith(str(home.resolve())) for place in places):
                    found.append(int(process.name))
    return found


def remove_socket(home: Path) -> None:
    """A killed server leaves its socket for the next one."""
    account = binaries.choose_account(home, home / "postgres")
    shutil.rmtree(binaries.socket_directory(home.resolve(), account), ignore_errors=True)


class Peer:
    """Another process with the same data directory."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.opened: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def address(self) -> Address:
        return Address(host=self.opened["host"])

    async def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), LONG_S)
        return json.loads(line)

    async def tell(self, command: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n")
        return await self.hear()

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Peers:
    def __init__(self) -> None:
        self.all: list[Peer] = []

    async def launch(self, home: Path, how: str = "shared", uid: int | None = None, **env: str) -> Peer:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", str(SCRIPT), str(home), how, str(uid or os.geteuid())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **env},
        )
        self.all.append(Peer(process))
        return self.all[-1]

    async def open(self, home: Path, how: str = "shared", uid: int | None = None, **env: str) -> Peer:
        peer = await self.launch(home, how, uid, **env)
        peer.opened = await peer.hear()
        return peer


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    made = Peers()
    yield made
    await asyncio.gather(*(peer.kill() for peer in made.all))


def memory_place() -> Path:
    """A directory in memory where there is such a thing: 40 MB of small files take a disk up to a second."""
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="tzurot-test-", dir=shared if os.access(shared, os.W_OK) else None))


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A data directory whose server has once run and was stopped; to be copied, as creating one costs more."""
    path = memory_place()

    async def make() -> None:
        await (await EmbeddedServer.open(path, exclusive=False, sync=False)).close()

    asyncio.run(make())
    yield path
    shutil.rmtree(path)


@pytest.fixture
def bare() -> None:
    """Asked for by tests whose data directory shall not exist yet, and shall be on a disk."""


creates = pytest.mark.usefixtures("bare")


@pytest.fixture
async def home(tmp_path: Path, template: Path, request: pytest.FixtureRequest) -> AsyncIterator[Path]:
    """A data directory; afterwards nothing of it may still run."""
    path = tmp_path / "data"
    if "bare" not in request.fixturenames:
        path = memory_place() / "data"
        path.mkdir(mode=0o700)
        copy = ["/bin/cp", "-a", template / "postgres", path]
        await asyncio.to_thread(subprocess.run, copy, check=True)
    yield path
    await until(lambda: not servers(path))
    if path.is_dir():
        remove_socket(path)
    shutil.rmtree(path.parent)  # pytest would keep what three runs left, 40 MB each


@pytest.fixture
async def opened(home: Path, peers: Peers) -> AsyncIterator[Callable[..., Any]]:
    """`EmbeddedServer.open`, closed at the end; mostly without sync, which only a power cut would notice."""
    made: list[EmbeddedServer] = []

    async def call(path: Path = home, *, exclusive: bool = False, sync: bool = False) -> EmbeddedServer:
        made.append(await EmbeddedServer.open(path, exclusive=exclusive, sync=sync))
        return made[-1]

    yield call
    for each in made:
        await each.close()


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)), level="INFO")
    yield lines
    logger.remove(sink)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that every account can pass: pytest's own are closed to all but their owner."""
    path = Path(tempfile.mkdtemp(prefix="tzurot-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
