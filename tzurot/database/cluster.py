"""The embedded server's data: created whole or not at all, handed to the account that runs it, started."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from loguru import logger

from tzurot.database.binaries import (
    LONE_URL,
    MAJOR,
    allowed_names,
    open_private,
    prepare_socket_directory,
    programs_for,
)
from tzurot.database.postmaster import LINUX, POLL_S, Child, pid_file, settle
from tzurot.errors import StoreDown

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tzurot.database.binaries import Account

DATABASE = "tzurot"  # also the name of the role that owns it
PATIENCE_S = 5.0  # a start that takes longer than this says so
LOG_LIMIT_BYTES = 5 * 1024 * 1024
LOG_KEPT_BYTES = 64 * 1024
TUNED = (
    "listen_addresses=",
    "shared_buffers=64MB",
    "max_connections=30",
    "jit=off",
    "io_method=sync",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_replication_slots=0",
    "max_logical_replication_workers=0",
    "max_worker_processes=2",
    "max_parallel_workers=0",
    "max_parallel_workers_per_gather=0",
    "max_parallel_maintenance_workers=0",
    "autovacuum_max_workers=1",
    "autovacuum_worker_slots=2",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "log_error_verbosity=terse",  # the details quote rows, that is, what people wrote
    "log_line_prefix=%m [%p] ",
)
UNSAFE = ("fsync=off", "full_page_writes=off")  # safe against kill -9 all the same, not against a power cut
INITDB = (
    "--username=postgres",
    "--auth=peer",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    "--no-sync",  # one sync at the end, once the first statements have run
)
UNFINISHED = "postgres.new-"
FIRST_STATEMENTS = f"CREATE ROLE {DATABASE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {DATABASE}\n"


class Cluster:
    """The Postgres data in `<home>/postgres`. Every method is for the holder of the lock on it."""

    def __init__(self, home: Path, account: Account, *, sync: bool) -> None:
        self.home = home
        self.path = home / "postgres"
        self.account = account
        self.sync = sync
        self.log = home / "postgres.log"
        self._programs = Path()

    async def start(self, host: Path) -> Child:
        """Start the server with its socket in `host`; create the data first if there is none.

        Raises:
            StoreDown: it did not start (the sentence carries its own last line), or the data is not for us.
            OSError: the disk is full, or a right is missing.

        """
        self._programs = await asyncio.to_thread(programs_for, self.account)
        if not _version(self.path):
            await self._create()
        _check_version(self.path)
        self.trim_log()
        with _directory(self.path) as directory:
            self._own(directory)
            self._let_in(directory)
            stale = await settle(directory)
            prepare_socket_directory(host, self.account)
            with self._log_file() as log:
                begun = log.seek(0, os.SEEK_END)
                child = self._launch(directory, host, stale, log.fileno())
            try:
                await self._ready(child, directory, begun)
            except BaseException:
                await child.stop()
                raise
        return child

    def _launch(self, directory: int, host: Path, stale: int | None, log: int) -> Child:
        unsafe = () if self.sync else UNSAFE
        options = (*TUNED, *unsafe, f'unix_socket_directories="{host}"')
        flags = [flag for option in options for flag in ("-c", option)]
        # A container hands out the same small numbers again. Postgres takes whoever has the number of its
        # last run for a running server, unless told that it is its grandparent. Safe: we hold the lock.
        extra = {"PG_GRANDPARENT_PID": str(stale)} if stale else {}
        command = [self._programs / "postgres", "-D", self._name(directory), *flags]
        return Child(command, self.account, directory=directory, output=log, extra=extra)

    async def _ready(self, child: Child, directory: int, begun: int) -> None:
        """Return when our own child takes connections. (A connection that works may be another server's.)"""
        clock = asyncio.get_running_loop().time
        late = clock() + PATIENCE_S
        while not child.ended.is_set():
            lines = pid_file(directory)
            if lines and lines[0] == str(child.pid) and lines[-1].strip() == "ready":
                return
            if clock() > late:
                late += 6 * PATIENCE_S
                logger.warning("Postgres is still starting; after a crash it replays its log first")
            await asyncio.sleep(POLL_S)
        raise _failed("Postgres did not start", self.tail(since=begun))

    async def _create(self) -> None:
        """Build the data under another name and rename it when whole: a kill in the middle breaks nothing."""
        _check_empty(self.path)
        logger.info("creating the database in {}", self.home)
        for left in _left_over(self.home):
            await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.home))
        try:
            await self._fill(fresh)
            os.rename(fresh, self.path)  # noqa: PTH104 - one system call, no thread for it
            with _directory(self.home) as directory:
                os.fsync(directory)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise

    async def _fill(self, fresh: Path) -> None:
        with _directory(fresh) as directory:
            self._own(directory)
            name = self._name(directory, fresh)
            initdb, postgres = self._programs / "initdb", self._programs / "postgres"
            await self._run([initdb, "-D", name, *INITDB], directory)
            # a server of its own for these two would take ten times as long
            single = [postgres, "--single", "-D", name, "-c", "fsync=off", "-c", "io_method=sync", "postgres"]
            said = await self._run(single, directory, FIRST_STATEMENTS)
            if "ERROR" in said:  # it goes on after one
                raise _failed("The database could not be created", said)
            if self.sync:
                await self._run([initdb, "-D", name, "--sync-only", "--sync-method=syncfs"], directory)

    async def _run(self, command: Sequence[str | Path], directory: int, stdin: str = "") -> str:
        """Run one of Postgres' tools and return what it said."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
            given.write(stdin.encode())
            given.seek(0)
            out, stdin_file = output.fileno(), given.fileno()
            child = Child(command, self.account, directory=directory, output=out, stdin=stdin_file)
            try:
                await child.ended.wait()
            except BaseException:
                child.kill_group()
                raise
            output.seek(0)
            said = output.read().decode(errors="replace")
        if child.code:
            raise _failed("The database could not be created", said)
        return said

    def _name(self, directory: int, path: Path | None = None) -> str:
        """How the server is told its data directory: as a descriptor where that works.

        So the path may be of any length, and the account needs no right on any directory above its own.
        """
        return f"/proc/self/fd/{directory}" if LINUX else str(path or self.path)

    def _own(self, directory: int) -> None:
        """Hand the data to the account if root has it (new, or copied back by root), closed to others."""
        uid, gid, now = self.account.uid, self.account.gid, os.fstat(directory)
        if now.st_mode & 0o027:  # Postgres refuses it
            os.fchmod(directory, 0o700)
        if now.st_uid == uid:
            return
        for _, folders, names, here in os.fwalk(".", dir_fd=directory):
            for name in (*folders, *names):
                os.chown(name, uid, gid, dir_fd=here, follow_symlinks=False)
        os.fchown(directory, uid, gid)

    def _let_in(self, directory: int) -> None:
        """Write who may connect: the kernel says which account asks, and only these are let in."""
        roles = (DATABASE, "postgres")
        lines = [f'tzurot "{name}" {role}\n' for name in allowed_names(self.account) for role in roles]
        wanted = {"pg_hba.conf": "local all all peer map=tzurot\n", "pg_ident.conf": "".join(lines)}
        for name, text in wanted.items():
            with suppress(OSError):
                flags = os.O_RDONLY | os.O_NOFOLLOW
                with os.fdopen(os.open(name, flags, dir_fd=directory)) as old:
                    if old.read() == text:
                        continue
            # never written in place: as root we would follow a link that the account could have put there
            with suppress(FileNotFoundError):
                os.unlink(f"{name}.new", dir_fd=directory)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(f"{name}.new", flags, 0o600, dir_fd=directory), "w") as new:
                new.write(text)
                os.fchown(new.fileno(), self.account.uid, self.account.gid)
            os.rename(f"{name}.new", name, src_dir_fd=directory, dst_dir_fd=directory)

    def _log_file(self) -> BinaryIO:
        return os.fdopen(open_private(self.log, os.O_WRONLY | os.O_APPEND), "wb", buffering=0)

    def trim_log(self) -> None:
        """Keep the end of the server's log when it has grown over its limit."""
        with suppress(OSError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                with self._log_file() as log:
                    kept = self.tail(LOG_KEPT_BYTES)
                    log.truncate(0)
                    log.write(kept.encode())

    def tail(self, size: int = 2000, since: int = 0) -> str:
        """The last `size` bytes of the server's log, none of them before byte `since`."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(since, log.seek(0, os.SEEK_END) - size))
                return log.read().decode(errors="replace")
        except OSError:
            return ""


@contextmanager
def _directory(path: Path) -> Generator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _version(path: Path) -> str:
    """The major version that wrote the data, empty if there is none."""
    try:
        return (path / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _check_version(path: Path) -> None:
    if (found := _version(path)) != str(MAJOR):
        raise StoreDown(
            "database.other_version",
            f"The database in {path} was written by Postgres {found}; this Tzurot brings Postgres {MAJOR}.",
            f"Make a backup with the Tzurot that wrote it, move {path} away and restore. {LONE_URL}",
        )


def _check_empty(path: Path) -> None:
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StoreDown(
            "database.foreign_data",
            f"{path} is in the way: it holds no Postgres database.",
            "Move it away, or choose another data directory.",
        )


def _left_over(home: Path) -> list[Path]:
    """What a kill in the middle of the creation left."""
    return list(home.glob(f"{UNFINISHED}*"))


def _failed(what: str, said: str) -> StoreDown:
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    marks = ("error:", "ERROR:", "FATAL:", "PANIC:")
    telling = [line for line in lines if any(mark in line for mark in marks)] or lines
    return StoreDown(
        "database.start_failed",
        f"{what}: {telling[-1]}.",
        "Check that the disk has room and the data directory can be written; its postgres.log tells more.",
    )
