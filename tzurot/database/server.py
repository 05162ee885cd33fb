"""The embedded Postgres: one process owns it, others join it, and whoever is left takes it over.

Three files beside the data say who is who. `server.lock` is locked by the process that runs the server; the
kernel frees it when that process ends, however it ends. `server.json` is written by that process when the
server is ready. `run.lock` is locked by `tzurot run` and `restore`, of which there may be only one.
"""

# pyright: reportPossiblyUnboundVariable=false
from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from loguru import logger

from tzurot.database.binaries import choose_account, client_tool, open_private, socket_directory
from tzurot.database.cluster import DATABASE, Cluster
from tzurot.errors import Refused, StoreDown

if TYPE_CHECKING:
    from tzurot.database.postmaster import Child

if sys.platform != "win32":
    import fcntl

__all__ = ["Address", "EmbeddedServer", "client_tool"]

JOIN_POLL_S = 0.01
JOIN_WAIT_S = 120.0
LEAVING_S = 5.0  # a killed process's child has its locks until it becomes the program it was forked for
TAKEOVER_POLL_S = 0.2
RESTART_DELAYS_S = (0.0, 0.25, 0.5, 1.0, 2.0)  # so many restarts in a window, then a pause
RESTART_WINDOW_S = 60.0
PORT = 5432  # only the name of the socket: there is no listener on the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How to reach the server: directory of the socket, role, database. No password: the kernel vouches."""

    host: str
    user: str = DATABASE
    database: str = DATABASE

    def arguments(self) -> dict[str, Any]:
        """For `asyncpg.connect(**...)`."""
        return {"host": self.host, "port": PORT, "user": self.user, "database": self.database, "ssl": False}

    def options(self) -> tuple[str, ...]:
        """For the command line of `pg_dump`, `pg_restore` and `psql`."""
        return ("-h", self.host, "-p", str(PORT), "-U", self.user, "-d", self.database, "--no-password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the owner publishes. `owner_born` tells it from a later process with the same number."""

    address: Address
    owner: int
    owner_born: int
    server: int


class Lock:
    """A file that at most one process has locked; the kernel lets go when the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Try once, without waiting."""
        descriptor = open_private(self.path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return False
            raise
        self._descriptor = descriptor
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
        return True

    def holder(self) -> str:
        """The pid that its last holder wrote; empty after an orderly end. In the moment before, the last one's."""
        return self.path.read_text().strip()

    def release(self) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


class EmbeddedServer:
    """The server of one data directory, as this process sees it: its own, or one it joined."""

    def __init__(self, home: Path, *, sync: bool) -> None:
        self._home = home
        self._lock = Lock(home / "server.lock")
        self._run_lock = Lock(home / "run.lock")
        self._published = home / "server.json"
        account = choose_account(home, home / "postgres")
        self._cluster = Cluster(home, account, sync=sync)
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Lock()
        self.address = Address(host=str(socket_directory(home, account)))
        self.owns = False

    @classmethod
    async def open(cls, data_dir: Path, *, exclusive: bool, sync: bool = True) -> EmbeddedServer:
        """Start the server of `data_dir`, or join the one another process runs there.

        `exclusive` claims the one place for a process that runs the bot; `sync` off is for tests (a power cut
        then loses data). Returns when the server takes connections. To be called in the main thread's loop.

        Raises:
            Refused: another process has the exclusive place.
            StoreDown: the server cannot be started or joined; the sentence says why.

        """
        server = None
        try:
            server = cls(_made(data_dir), sync=sync)
            if exclusive:
                await server._claim()
            await server._own_or_join()
        except BaseException as error:
            if server is not None:
                await server.close()
            if isinstance(error, OSError):
                raise StoreDown(
                    "database.data_dir",
                    f"The database in {data_dir} cannot be used: {error}.",
                    "Check that the disk has room and that this account may write there.",
                ) from error
            raise
        return server

    @property
    def pid(self) -> int | None:
        """The process number of the server itself, None while there is none."""
        if self.owns:
            return self._child.pid if self._child is not None and self._child.code is None else None
        notice = self._notice()
        return notice.server if notice is not None else None

    async def close(self) -> None:
        """Leave: stop the server if it is ours, in order. May be called again."""
        async with self._closing:
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
                self._task = None
            if self.owns:
                self._retract()
                if self._child is not None:
                    await self._child.stop()
                    self._child = None
                with suppress(OSError):
                    os.rmdir(self.address.host)  # noqa: PTH106 - one system call, no thread for it
                self.owns = False
            self._lock.release()
            self._run_lock.release()

    async def _claim(self) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + LEAVING_S
        while not self._run_lock.take():
            holder = self._run_lock.holder()
            lives = holder.isdecimal() and _born(int(holder)) is not None
            if lives or clock() > deadline:
                raise Refused(
                    "database.in_use",
                    f"Another Tzurot already runs on {self._home}: process {holder or 'unknown'}.",
                    "Stop that one first, or give this one another data directory.",
                )
            await asyncio.sleep(JOIN_POLL_S)  # somebody is just taking or leaving the place

    async def _own_or_join(self) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + JOIN_WAIT_S
        while not self._lock.take():
            if (notice := self._notice()) is not None:
                self.address = notice.address
                self._task = asyncio.create_task(self._take_over(), name="database takeover")
                return
            if clock() > deadline:
                raise StoreDown(
                    "database.not_ready",
                    f"The server that process {self._lock.holder()} runs for {self._home} is not ready.",
                    f"Wait for it, or stop it; {self._cluster.log} tells what its server does.",
                )
            await asyncio.sleep(JOIN_POLL_S)
        self.owns = True
        await self._start()
        self._task = asyncio.create_task(self._supervise(), name="database supervisor")

    async def _start(self) -> None:
        self._retract()
        self._child = await self._cluster.start(Path(self.address.host))
        me = os.getpid()
        self._publish(Notice(address=self.address, owner=me, owner_born=_born(me) or 0, server=self._child.pid))

    async def _take_over(self) -> None:
        """Joined: wait until the owner is gone, then run the server at the same address."""
        while True:
            try:
                if self._lock.take():
                    break
            except OSError as error:
                logger.warning("the lock of the database cannot be tried: {}", error)
            await asyncio.sleep(TAKEOVER_POLL_S)
        self.owns = True
        logger.info("the process that ran the database has ended; this one runs it now")
        await self._supervise()

    async def _supervise(self) -> None:
        """Keep the server up: it may be killed (out of memory, by hand) while its data is sound."""
        clock = asyncio.get_running_loop().time
        tries = deque[float]()
        while True:
            if self._child is not None:
                await self._until_it_ends(self._child)
            while tries and tries[0] < clock() - RESTART_WINDOW_S:
                tries.popleft()
            if len(tries) == len(RESTART_DELAYS_S):
                self._retract()
                logger.error(
                    "Postgres ended {} times within a minute; trying again in a minute. Its log ends:\n{}",
                    len(tries),
                    self._cluster.tail(),
                )
                await asyncio.sleep(RESTART_WINDOW_S)
                tries.clear()
            await asyncio.sleep(RESTART_DELAYS_S[len(tries)])
            tries.append(clock())
            try:
                await self._start()
            except (StoreDown, OSError) as error:
                logger.warning("the database could not be started: {}", error)

    async def _until_it_ends(self, child: Child) -> None:
        while not child.ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(child.ended.wait(), RESTART_WINDOW_S)
            self._cluster.trim_log()
        self._child = None
        logger.warning("Postgres ended by itself ({}); starting it again", _ending(child.code or 0))

    def _publish(self, notice: Notice) -> None:
        fresh = self._published.with_suffix(".json.new")
        descriptor = open_private(fresh, os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(asdict(notice)))
        fresh.replace(self._published)

    def _retract(self) -> None:
        with suppress(OSError):
            self._published.unlink()

    def _notice(self) -> Notice | None:
        """What the owner has published, if that owner is still alive."""
        try:
            given = orjson.loads(self._published.read_bytes())
            notice = Notice(**given | {"address": Address(**given["address"])})
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None
        return notice if _born(notice.owner) == notice.owner_born else None


def _made(data_dir: Path) -> Path:
    """The data directory, made if it is missing. What is there already keeps its rights."""
    home = data_dir.expanduser().resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def _born(pid: int) -> int | None:
    """When a live process began, in the kernel's ticks (0 where it does not tell); None if it is dead."""
    if sys.platform == "linux":
        try:
            # after the name, which may hold anything, come the state and 18 more fields before the start
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return int(fields[19]) if fields[0] != "Z" else None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return 0


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
