"""The embedded Postgres as it is created, and under which accounts it runs."""

# ruff: noqa: ASYNC240, F401, F811 - the subject is files and processes; fixtures by name
from __future__ import annotations

import asyncio
import errno
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.integration.server_peers import (
    Peers,
    as_root,
    ask,
    bare,
    creates,
    fill,
    filled,
    home,
    log,
    open_place,
    opened,
    peers,
    remove_socket,
    servers,
    template,
    until,
)
from tzurot.database import binaries, cluster
from tzurot.errors import StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# ---------------------------------------------------------------- creation


def half_made(home: Path) -> bool:
    return any(home.glob("postgres.new-*/global/*"))


@creates
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


@creates
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


@creates
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


@creates
async def test_foreign_files_in_the_way(home: Path, opened: Callable[..., Any]) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(StoreDown, match="in the way"):
        await opened()
    assert (home / "postgres" / "letter.txt").read_text() == "mine"
    (home / "postgres" / "letter.txt").unlink()
    assert (await opened()).owns  # an empty directory is nobody's


@creates
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
    if not all(place.stat().st_mode & 0o001 for place in Path(__file__).parents):
        pytest.skip("this checkout lies in a directory that other accounts cannot enter, so neither can their server")
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
    assert state.get("owns"), state
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


@creates
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
