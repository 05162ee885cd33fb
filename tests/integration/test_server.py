"""The embedded Postgres on real processes: started, joined, killed in every combination, taken over."""

# ruff: noqa: ASYNC220, ASYNC240, TID251 - files and processes are the subject
from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import psutil
import pytest
from loguru import logger

from tzurot.database import binaries, cluster, server
from tzurot.database.server import Address, EmbeddedServer, client_tool
from tzurot.errors import Refused, StoreDown

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


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Path]:
    """A data directory that does not exist yet; afterwards nothing of it may still run."""
    path = tmp_path / "data"
    yield path
    await until(lambda: not servers(path))
    if path.is_dir():
        remove_socket(path)
    shutil.rmtree(tmp_path)  # pytest keeps what three runs left, and each of these takes 40 MB


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
    shutil.rmtree(path)


# ---------------------------------------------------------------- start and stop


async def test_first_and_second_start_are_quick(opened: Callable[..., Any]) -> None:
    begun = time.perf_counter()
    first = await opened(exclusive=True, sync=True)
    await ask(first.address, "SELECT 1")
    assert time.perf_counter() - begun < 6
    await fill(first.address)
    begun = time.perf_counter()
    await first.close()
    assert time.perf_counter() - begun < 2
    begun = time.perf_counter()
    second = await opened(exclusive=True, sync=True)
    assert await ask(second.address, "SELECT 1") == 1
    assert time.perf_counter() - begun < 0.6
    assert await filled(second.address)


async def test_what_it_is(opened: Callable[..., Any]) -> None:
    here = await opened(exclusive=True, sync=True)
    assert here.owns
    assert await ask(here.address, "SELECT current_user || ' ' || current_database()") == "tzurot tzurot"
    assert await ask(here.address, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert await ask(here.address, "SHOW listen_addresses") == ""
    assert await ask(here.address, "SHOW fsync") == "on"
    assert await ask(here.address, "SHOW timezone") == "UTC"
    assert await ask(here.address, "SHOW server_encoding") == "UTF8"
    assert await ask(here.address, "SELECT lower('ÉÑÇ')") == "éñç"
    await ask(here.address, "CREATE DATABASE another")  # the tests of the rest clone databases
    unsafe = await opened(exclusive=False, path=here._home.parent / "other")
    assert await ask(unsafe.address, "SHOW fsync") == "off"


async def test_a_stop_leaves_nothing_behind(home: Path, opened: Callable[..., Any]) -> None:
    here = await opened(exclusive=True)
    assert here.pid in servers(home)
    socket = Path(here.address.host)
    await asyncio.gather(here.close(), here.close())
    assert not servers(home)
    assert not socket.exists()
    assert here.pid is None
    assert sorted(path.name for path in home.iterdir()) == [
        "postgres",
        "postgres.log",
        "run.lock",
        "server.lock",
    ]
    await here.close()


async def test_client_tools(opened: Callable[..., Any]) -> None:
    here = await opened()
    await fill(here.address)
    dump = [client_tool("pg_dump"), *here.address.options(), "--schema-only"]
    said = await asyncio.to_thread(subprocess.run, dump, capture_output=True, text=True, check=True)
    assert "CREATE TABLE public.kept" in said.stdout


async def test_rights_of_directories_are_left_alone(tmp_path: Path, opened: Callable[..., Any]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    given = closed / "given"
    given.mkdir(mode=0o751)
    given.chmod(0o751)
    parents = [(path, path.stat().st_mode, path.stat().st_uid) for path in (given, *given.parents)]
    await opened(given)
    await opened(closed / "made")
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in (given, *given.parents)] == parents
    assert (closed / "made").stat().st_mode & 0o777 == 0o700


async def test_any_path_will_do(tmp_path: Path, opened: Callable[..., Any]) -> None:
    path = tmp_path / "a place, with \"quotes\" and 'spaces'" / "日本語 ü" / ("long" * 38) / ("longer" * 30)
    here = await opened(path)
    assert len(here.address.host) < 90
    await fill(here.address)
    await here.close()
    assert await filled((await opened(path)).address)


async def test_log_is_kept_short(home: Path, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    here = await opened()
    await here.close()
    with (home / "postgres.log").open("a") as file:
        file.write("old line\n" * 100_000)
    monkeypatch.setattr(cluster, "LOG_LIMIT_BYTES", 500_000)
    await opened()
    said = (home / "postgres.log").read_text()
    assert len(said) < 70_000
    assert "old line" in said
    assert said.rstrip().endswith("database system is ready to accept connections")


# ---------------------------------------------------------------- who may, who joins


async def test_a_second_exclusive_one_is_refused(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    first = await peers.open(home, "exclusive")
    with pytest.raises(Refused, match=f"process {first.pid}\\b.*Stop that one"):
        await opened(exclusive=True)
    joined = await opened()
    assert not joined.owns
    assert joined.pid == first.opened["pid"]
    await first.kill()
    assert await ask_patiently((await opened(exclusive=True)).address, "SELECT 1") == 1


async def test_whoever_joined_takes_over(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    play = await peers.open(home)
    run = await opened(exclusive=True)
    assert (play.opened["owns"], run.owns) == (True, False)
    address = run.address
    assert address == play.address
    await fill(address)
    assert (await play.tell("close"))["ok"]
    begun = time.monotonic()
    assert await filled(address)
    assert time.monotonic() - begun < 2
    await until(lambda: run.owns and run.pid)
    assert run.address == address
    assert (await peers.open(home)).opened["pid"] == run.pid


async def test_two_joined_processes_race(home: Path, peers: Peers) -> None:
    owner = await peers.open(home)
    others = [await peers.open(home) for _ in range(2)]
    await fill(owner.address)
    await owner.kill()
    assert await filled(owner.address)
    await until((home / "server.json").exists)
    states = [await other.tell("state") for other in others]
    assert sorted(state["owns"] for state in states) == [False, True]
    assert states[0]["pid"] == states[1]["pid"]
    for other in others:
        assert (await other.tell("sql SELECT count(*) FROM kept"))["value"] == 1000


async def test_three_first_starts_at_once(home: Path, peers: Peers) -> None:
    three = await asyncio.gather(*(peers.open(home) for _ in range(3)))
    assert [peer.opened["ok"] for peer in three] == [True] * 3
    assert sorted(peer.opened["owns"] for peer in three) == [False, False, True]
    assert len({(await peer.tell("sql SELECT pg_postmaster_start_time()::text"))["value"] for peer in three}) == 1


async def test_a_killed_owners_notice_is_not_believed(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    owner = await peers.open(home)
    await owner.kill()
    await until(lambda: not servers(home))
    assert (home / "server.json").exists()
    with (home / "server.lock").open("r+") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)  # somebody else has just begun to start the server
        joining = asyncio.create_task(opened())
        done, _ = await asyncio.wait([joining], timeout=0.2)
        assert not done
    assert (await joining).owns


# ---------------------------------------------------------------- kills


async def test_kill_of_the_process_ends_its_server(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    owner = await peers.open(home, "exclusive")
    await fill(owner.address)
    await owner.kill()
    await until(lambda: not servers(home), within_s=5)
    assert not (home / "postgres" / "postmaster.pid").exists()  # it ended in order
    assert await filled((await opened(exclusive=True)).address)


async def test_start_waits_for_the_dying_server(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    for _ in range(3):
        owner = await peers.open(home, "exclusive")
        await ask(owner.address, "CREATE TABLE IF NOT EXISTS bulk AS SELECT generate_series(1, 300000) AS n")
        owner.process.kill()  # and no wait
        await owner.process.wait()
        here = await opened(exclusive=True)
        assert await ask(here.address, "SELECT count(*) FROM bulk") == 300000
        await here.close()


async def test_start_ends_a_server_that_lost_its_owner(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    owner = await peers.open(home)
    os.kill(owner.opened["pid"], signal.SIGSTOP)  # it cannot hear the kernel's notice, as where there is none
    await fill_after(owner)
    here = asyncio.create_task(opened())
    done, _ = await asyncio.wait([here], timeout=0.3)
    assert not done
    os.kill(owner.opened["pid"], signal.SIGCONT)
    assert (await here).owns


async def fill_after(owner: Peer) -> None:
    await owner.kill()
    assert psutil.pid_exists(owner.opened["pid"])


async def test_kill_of_the_server_restarts_it(opened: Callable[..., Any], log: list[str]) -> None:
    here = await opened(exclusive=True)
    await fill(here.address)
    before = here.pid
    os.kill(before, signal.SIGKILL)
    assert await filled(here.address)
    assert await until(lambda: here.pid) != before
    assert any("killed by SIGKILL" in line for line in log)


async def test_kill_of_a_worker_loses_nothing(home: Path, opened: Callable[..., Any]) -> None:
    here = await opened(exclusive=True)
    await fill(here.address)
    workers = psutil.Process(here.pid).children()
    checkpointer = next(worker for worker in workers if "checkpointer" in " ".join(worker.cmdline()))
    checkpointer.kill()
    await until(lambda: not checkpointer.is_running())
    assert await filled(here.address)


async def test_kill_of_both(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    owner = await peers.open(home, "exclusive")
    await fill(owner.address)
    os.kill(owner.opened["pid"], signal.SIGKILL)
    await owner.kill()
    here = await opened(exclusive=True)
    assert await filled(here.address)


async def test_it_pauses_after_many_restarts(
    home: Path, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    monkeypatch.setattr(server, "RESTART_DELAYS_S", (0.0, 0.01, 0.01))
    monkeypatch.setattr(server, "RESTART_WINDOW_S", 1.0)
    here = await opened(exclusive=True)
    await fill(here.address)
    conf = home / "postgres" / "postgresql.auto.conf"
    sound = conf.read_text()
    conf.write_text("nonsense = 'yes'\n")
    os.kill(here.pid, signal.SIGKILL)
    told = await until(lambda: [line for line in log if "ended 3 times within a minute" in line])
    assert "configuration file" in told[0]
    assert "nonsense" in told[0]
    assert not (home / "server.json").exists()
    conf.write_text(sound)  # once the reason is gone, it comes back by itself
    assert await filled(here.address)


async def test_a_stranger_with_the_old_number(home: Path, opened: Callable[..., Any]) -> None:
    here = await opened()
    await fill(here.address)
    lines = (home / "postgres" / "postmaster.pid").read_text().splitlines()
    await here.close()
    uid = (home / "postgres").stat().st_uid
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=uid if os.geteuid() == 0 else None, cwd="/")
    try:
        stale = home / "postgres" / "postmaster.pid"
        stale.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        os.chown(stale, uid, -1)
        assert await filled((await opened()).address)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_an_empty_pid_file(home: Path, opened: Callable[..., Any]) -> None:
    here = await opened()
    await here.close()
    (home / "postgres" / "postmaster.pid").touch()
    assert await ask((await opened()).address, "SELECT 1") == 1


# ---------------------------------------------------------------- creation


def half_made(home: Path) -> bool:
    return any(home.glob("postgres.new-*/global/*"))


async def test_kill_in_the_middle_of_the_creation(home: Path, opened: Callable[..., Any], peers: Peers) -> None:
    first = await peers.launch(home)
    await until(lambda: half_made(home))
    await first.kill()
    assert not (home / "postgres").exists()
    (home / "postgres.new-abc" / "global").mkdir(parents=True)  # what initdb leaves when it is killed as well
    (home / "postgres.new-abc" / "global" / "1").touch()
    here = await opened()
    await fill(here.address)
    assert not half_made(home)


async def test_cancelled_in_the_middle_of_the_creation(home: Path, opened: Callable[..., Any]) -> None:
    opening = asyncio.create_task(opened(exclusive=True))
    await until(lambda: half_made(home))
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not (home / "postgres").exists()
    assert await ask((await opened(exclusive=True)).address, "SELECT 1") == 1


async def test_cancelled_while_the_server_starts(
    home: Path, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "pid_file", lambda _: None)  # so it never seems ready
    opening = asyncio.create_task(opened(exclusive=True))
    await until((home / "postgres" / "postmaster.pid").exists)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not servers(home)
    monkeypatch.undo()
    assert await ask((await opened(exclusive=True)).address, "SELECT 1") == 1


async def test_a_full_disk_is_told(home: Path, peers: Peers) -> None:
    peer = await peers.open(home, FILE_LIMIT="3000000")
    assert peer.opened["kind"] == "StoreDown"
    assert "could not be created: " in peer.opened["text"]
    assert "File too large" in peer.opened["text"] or "signal" in peer.opened["text"]
    assert "disk has room" in peer.opened["text"]
    assert not (home / "postgres").exists()
    assert (await peers.open(home)).opened["ok"]


async def test_data_of_another_version(home: Path, opened: Callable[..., Any]) -> None:
    await (await opened()).close()
    (home / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StoreDown, match=r"written by Postgres 17; this Tzurot brings Postgres 18.*[Bb]ackup"):
        await opened()


async def test_foreign_files_in_the_way(home: Path, opened: Callable[..., Any]) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(StoreDown, match="in the way"):
        await opened()
    assert (home / "postgres" / "letter.txt").read_text() == "mine"
    (home / "postgres" / "letter.txt").unlink()
    assert (await opened()).owns  # an empty directory is nobody's


async def test_a_file_in_place_of_the_directory(home: Path, opened: Callable[..., Any]) -> None:
    home.write_text("")
    with pytest.raises(StoreDown, match="cannot be used"):
        await opened()


async def test_somebody_elses_socket_directory(home: Path, opened: Callable[..., Any]) -> None:
    here = await opened()
    await here.close()
    Path(here.address.host).symlink_to("/tmp")
    try:
        with pytest.raises(StoreDown, match="place for the database's socket"):
            await opened()
    finally:
        Path(here.address.host).unlink()


# ---------------------------------------------------------------- accounts


@pytest.fixture
def nobody_home(open_place: Path) -> Iterator[Path]:
    uid = pwd.getpwnam("nobody").pw_uid
    path = open_place / "data"
    path.mkdir(mode=0o700)
    os.chown(path, uid, -1)
    yield path
    remove_socket(path)


@as_root
async def test_an_ordinary_account(nobody_home: Path, peers: Peers, opened: Callable[..., Any]) -> None:
    uid = nobody_home.stat().st_uid
    peer = await peers.open(nobody_home, "exclusive", uid)
    assert peer.opened["host"].startswith(f"{tempfile.gettempdir()}/tzurot-{uid}-")
    assert psutil.Process(peer.opened["pid"]).uids().real == uid
    await fill(peer.address)
    os.kill(peer.opened["pid"], signal.SIGKILL)
    await peer.kill()
    peer = await peers.open(nobody_home, "exclusive", uid)
    assert await filled(peer.address)
    joined = await opened(nobody_home)  # root may come along, and then runs it as its owner did
    assert await filled(joined.address)
    await peer.kill()
    assert await filled(joined.address)
    await until(lambda: joined.pid and joined.owns)
    assert psutil.Process(joined.pid).uids().real == uid
    again = await peers.open(nobody_home, "exclusive", uid)  # and leaves the data usable for the owner
    assert (await again.tell("sql SELECT count(*) FROM kept"))["value"] == 1000
    await joined.close()
    assert await filled(again.address)
    state = await again.tell("state")
    assert state["ok"] and state["owns"], state
    await again.kill()
    await until(lambda: not servers(nobody_home))


@as_root
async def test_other_accounts_are_not_let_in(opened: Callable[..., Any], open_place: Path) -> None:
    here = await opened()
    script = "import os, sys, socket\nos.setgid(65534); os.setuid(int(sys.argv[1]))\n"
    script += "s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[2] + '/.s.PGSQL.5432')\n"
    script += "m = b'\\0\\3\\0\\0user\\0tzurot\\0database\\0tzurot\\0\\0'\n"
    script += "s.sendall((len(m) + 4).to_bytes(4, 'big') + m)\nprint(s.recv(200))\n"
    server_uid = psutil.Process(here.pid).uids().real
    for uid in (server_uid, 1):
        command = [sys.executable, "-c", script, str(uid), here.address.host]
        said = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
        assert "Peer authentication failed" in said.stdout or "PermissionError" in said.stderr
    assert server_uid != 0


@as_root
async def test_data_of_another_account(opened: Callable[..., Any], peers: Peers, nobody_home: Path) -> None:
    (nobody_home / "postgres").mkdir()
    peer = await peers.open(nobody_home, uid=nobody_home.stat().st_uid)
    assert peer.opened["kind"] == "StoreDown"
    assert "belongs to account root" in peer.opened["text"]
    peer = await peers.open(nobody_home / "deeper", uid=1)
    assert peer.opened["kind"] == "StoreDown"
    assert "ermission denied" in peer.opened["text"]


@as_root
async def test_an_account_without_a_name(open_place: Path, peers: Peers) -> None:
    os.chown(open_place, 12345, -1)
    peer = await peers.open(open_place, uid=12345)
    assert peer.opened["kind"] == "StoreDown"
    assert "12345" in peer.opened["text"]
    assert "ordinary account" in peer.opened["text"] or "has a name" in peer.opened["text"]


@as_root
async def test_data_copied_back_by_root(home: Path, opened: Callable[..., Any]) -> None:
    here = await opened()
    await fill(here.address)
    await here.close()
    for path in (home / "postgres", *(home / "postgres").rglob("*")):
        os.chown(path, 0, 0)
    (home / "postgres").chmod(0o755)
    assert await filled((await opened()).address)


@as_root
@pytest.mark.parametrize("far", [False, True])
async def test_environment_that_is_closed_to_the_account(
    tmp_path: Path, open_place: Path, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, far: bool
) -> None:
    """The programs lie in a directory of mode 0700, as in /root; `far`: links to it are not possible."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (binaries.PREFIX, binaries.LIBRARIES):
        await asyncio.to_thread(shutil.copytree, binaries.installed() / part, closed / part)
    monkeypatch.setattr(binaries, "installed", lambda: closed)
    monkeypatch.setattr(binaries, "ROOM", open_place / "room")

    def no_link(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another file system")

    if far:
        monkeypatch.setattr(os, "link", no_link)
    umask = os.umask(0o077)
    try:
        here = await opened()
        assert await ask(here.address, "SELECT 1") == 1
        running = Path(f"/proc/{here.pid}/exe").resolve()
        assert running.is_relative_to(open_place / "room")
        assert (running.stat().st_nlink == 1) == far
        assert closed.stat().st_mode & 0o777 == 0o700
        await here.close()
    finally:
        os.umask(umask)
