"""The embedded Postgres on real processes: started, joined, killed in every combination, taken over."""

# ruff: noqa: ASYNC220, ASYNC240, F401, F811 - the subject is files and processes; fixtures by name
from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.integration.server_peers import (
    Peer,
    Peers,
    ask,
    ask_patiently,
    bare,
    creates,
    fill,
    filled,
    home,
    log,
    open_place,
    opened,
    peers,
    servers,
    template,
    until,
)
from tzurot.database import cluster, server
from tzurot.database.server import client_tool
from tzurot.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


# ---------------------------------------------------------------- start and stop


@creates
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


async def test_rights_of_directories_are_left_alone(home: Path, opened: Callable[..., Any]) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    given = closed / "given"
    given.mkdir(mode=0o751)
    given.chmod(0o751)
    parents = [(path, path.stat().st_mode, path.stat().st_uid) for path in (given, *given.parents)]
    await opened(given)
    await opened(closed / "made")
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in (given, *given.parents)] == parents
    assert (closed / "made").stat().st_mode & 0o777 == 0o700


async def test_any_path_will_do(home: Path, opened: Callable[..., Any]) -> None:
    path = home.parent / "a place, with \"quotes\" and 'spaces'" / "日本語 ü" / ("long" * 38) / ("longer" * 30)
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


@creates
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


async def test_a_killed_process_has_its_place_a_moment_longer(
    home: Path, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it dies between the fork and the exec of a server: the child still has what was locked."""
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    with (home / "run.lock").open("w") as place:
        fcntl.flock(place, fcntl.LOCK_EX)
        place.write(f"{ended.pid}\n")
        place.flush()
        opening = asyncio.create_task(opened(exclusive=True))
        done, _ = await asyncio.wait([opening], timeout=0.3)
        assert not done
        monkeypatch.setattr(server, "LEAVING_S", 0.1)
        with pytest.raises(Refused, match=f"process {ended.pid}\\b"):  # nobody here, and yet it stays
            await opened(exclusive=True)
    assert (await opening).owns


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
