"""Processes of Postgres: a child that the kernel ends with us, the end of one that outlived its parent."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tzurot.database.binaries import Account

LINUX = sys.platform == "linux"
POLL_S = 0.003
FAST_STOP_S = 20.0
HARD_STOP_S = 5.0
PR_SET_PDEATHSIG = 1
PID_FILE = "postmaster.pid"


class Child:
    """A child process that the kernel ends with us, and whose end sets `ended`.

    Not asyncio's own: that one kills a server with SIGKILL when its object is collected. The kernel acts when
    the *thread* ends that started the child, so this is called in the event loop's thread, never in a pool's.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        account: Account,
        *,
        directory: int,
        output: int,
        stdin: int = subprocess.DEVNULL,
        extra: dict[str, str] | None = None,
    ) -> None:
        other = account.uid != os.geteuid()
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=stdin,
            stdout=output,
            stderr=output,
            cwd="/",  # ours may be closed to the account
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"} | (extra or {}),
            pass_fds=(directory,),
            user=account.uid if other else None,
            group=account.gid if other else None,
            extra_groups=() if other else None,
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for the server
            preexec_fn=_tied_to(os.getpid()) if LINUX else None,  # noqa: PLW1509 - two system calls, no lock
        )
        self.pid = self._process.pid
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._watch, name=f"child-{self.pid}", daemon=True).start()

    def _watch(self) -> None:
        self._process.wait()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self.ended.set)

    @property
    def code(self) -> int | None:
        """The exit code, or minus the signal's number; None while it runs."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill_group(self) -> None:
        """End it and its own children at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Shut a server down: first in order, then harder when it does not come."""
        for number, patience_s in (
            (signal.SIGINT, FAST_STOP_S),
            (signal.SIGQUIT, HARD_STOP_S),
            (signal.SIGKILL, HARD_STOP_S),
        ):
            self.signal(number)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), patience_s)
                return


def _tied_to(parent: int) -> Callable[[], None]:
    """What makes the kernel shut the child down in order (SIGINT) when we are gone, even by kill -9."""
    prctl = ctypes.CDLL(None).prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))
        if os.getppid() != parent:  # gone before the call above
            os._exit(1)

    return tie


def pid_file(directory: int) -> list[str] | None:
    """The lines of the server's own file: pid, directory, start, port, socket, address, memory, status.

    None if there is no such file: the last server ended in order.
    """
    try:
        with os.fdopen(os.open(PID_FILE, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return None


async def settle(directory: int) -> int | None:
    """Wait until no server works on the data of `directory`, ending one that lost its supervisor.

    Only for the holder of the lock on the data. Returns the pid that a stale pid file names, if there is one.
    """
    lines = pid_file(directory)
    if lines is None:
        return None
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    clock = asyncio.get_running_loop().time
    begun, sent = clock(), None
    while alive := _working_in(directory, pid):
        number = _next_signal(clock() - begun, orphans=pid not in alive)
        if number != sent:
            sent = number
            logger.info("waiting for the database's former server to end")
            for each in (pid,) if number == signal.SIGINT else alive:
                with suppress(ProcessLookupError):
                    os.kill(each, number)
        await asyncio.sleep(2 * POLL_S)
    if not pid:  # a full disk leaves an empty file, and Postgres refuses to start beside one
        with suppress(FileNotFoundError):
            os.unlink(PID_FILE, dir_fd=directory)
    return pid or None


def _next_signal(waited_s: float, *, orphans: bool) -> signal.Signals:
    """A server shuts down in order; workers without a server have nothing left to finish."""
    if waited_s > FAST_STOP_S + HARD_STOP_S:
        return signal.SIGKILL
    return signal.SIGQUIT if orphans or waited_s > FAST_STOP_S else signal.SIGINT


def _working_in(directory: int, pid: int) -> list[int]:
    """The pids of live servers and their workers on this data: it is their working directory for life."""
    if not LINUX:
        command = ["/bin/ps", "-o", "comm=", "-p", str(pid)]
        said = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
        return [pid] if pid and b"postgres" in said.stdout else []
    here, found = os.fstat(directory), list[int]()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with suppress(OSError):  # it is gone, a zombie, or somebody else's
            there = Path(entry.path, "cwd").stat()
            same = (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev)
            if same and Path(entry.path, "exe").readlink().name.startswith("postgres"):
                found.append(int(entry.name))
    return found
