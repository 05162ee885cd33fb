"""A process that opens the embedded server and does what its standard input says, for test_server.py.

    server_process.py DATA_DIR exclusive|shared UID

One JSON line on standard output for the opening and for every command: `sql ...`, `state`, `close`.
"""

# ruff: noqa: TID251
from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - later, as another account, it may be out of reach
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import asyncpg
from loguru import logger

from tzurot.database.server import EmbeddedServer
from tzurot.errors import TzurotError


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def become(uid: int) -> None:
    """After the imports: the interpreter may lie where this account cannot read."""
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


async def main(data_dir: Path, *, exclusive: bool) -> None:
    loop = asyncio.get_running_loop()
    commands: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        line = sys.stdin.readline()
        commands.put_nowait(line.strip() or "end")

    loop.add_reader(sys.stdin, read)
    server = await EmbeddedServer.open(data_dir, exclusive=exclusive, sync=False)
    say(ok=True, pid=server.pid, owns=server.owns, host=server.address.host)
    while (command := await commands.get()) != "end":
        verb, _, rest = command.partition(" ")
        try:
            if verb == "sql":
                connection = await asyncpg.connect(**server.address.arguments())
                try:
                    value = await connection.fetchval(rest)
                finally:
                    await connection.close()
                say(ok=True, value=value)
            elif verb == "close":
                await server.close()
                say(ok=True)
            else:
                say(ok=True, pid=server.pid, owns=server.owns)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            say(ok=False, kind=type(error).__name__, text=str(error))


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="INFO")
    if os.environ.get("FILE_LIMIT"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["FILE_LIMIT"]),) * 2)
    become(int(sys.argv[3]))
    try:
        asyncio.run(main(Path(sys.argv[1]), exclusive=sys.argv[2] == "exclusive"))
    except TzurotError as error:
        say(ok=False, kind=type(error).__name__, text=str(error), code=error.code)
