"""The gateway: sessions that outlive their sockets, numbered dispatches, and ways to break them."""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from tests.loopback import shapes
from tests.loopback.blanking import without_content

if TYPE_CHECKING:
    from tests.loopback.model import Channel, Guild, Json
    from tests.loopback.world import World

REPLAYED_AT_MOST = 20_000
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = 8, 9, 10, 11
OVER = {4003, 4007, 4009}  # not authenticated, an invalid number, timed out
LIMITED_CONTENT_FLAG = 1 << 19


class Intent(IntFlag):
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


class Compressor(Protocol):
    def __call__(self, data: bytes) -> bytes: ...


def compressor_for(name: str) -> Compressor | None:
    """One stream per connection, flushed after every message."""
    if name == "zlib-stream":
        stream = zlib.compressobj()
        return lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    if name == "zstd-stream":
        from backports import zstd

        frames = zstd.ZstdCompressor()
        return lambda data: frames.compress(data, frames.FLUSH_BLOCK)
    return None


@dataclass(frozen=True)
class Dispatch:
    """A frame that went out: what, about which id, when (monotonic, in ns), to which session."""

    type: str
    id: str
    sent_ns: int
    session_id: str


@dataclass(eq=False)
class Session:
    id: str
    shard: tuple[int, int]
    intents: int
    sequence: int = 0
    sent: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=REPLAYED_AT_MOST))
    socket: Socket | None = None
    resumed: int = 0

    def sees(self, guild: Guild | None) -> bool:
        number, count = self.shard
        return number == (0 if guild is None else (int(guild.id) >> 22) % count)


@dataclass(eq=False)
class Socket:
    """One websocket; frames leave it in the order they were put."""

    ws: web.WebSocketResponse
    compress: Compressor | None
    transport: asyncio.Transport | None
    outbox: asyncio.Queue[tuple[bytes, Dispatch | None]] = field(default_factory=asyncio.Queue)
    zombie: bool = False

    def put(self, frame: Json | bytes, log: Dispatch | None = None) -> None:
        self.outbox.put_nowait((frame if isinstance(frame, bytes) else orjson.dumps(frame), log))

    async def write(self, dispatches: list[Dispatch]) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                data, log = await self.outbox.get()
                if log:
                    dispatches.append(Dispatch(log.type, log.id, time.monotonic_ns(), log.session_id))
                if self.compress:
                    await self.ws.send_bytes(self.compress(data))
                else:
                    await self.ws.send_str(data.decode())


class Gateway:
    """Discord's side of every websocket that bots open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._sockets: set[Socket] = set()
        self.dispatches: list[Dispatch] = []
        self.identifies: list[Json] = []
        self.heartbeat_interval_ms = 41_250
        self.resume_url = ""  # where sessions are told to come back to; here, unless a test wants otherwise
        self.presence: Json | None = None

    # -- controls ----------------------------------------------------------------------------------

    @property
    def live(self) -> list[Session]:
        return [one for one in self._sessions.values() if one.socket]

    @property
    def connections(self) -> int:
        return len(self._sockets)

    @property
    def resumes(self) -> int:
        return sum(one.resumed for one in self._sessions.values())

    def reconnect(self) -> None:
        """Ask every client to reconnect and resume (op 7)."""
        self._tell({"op": RECONNECT, "d": None, "s": None, "t": None})

    def invalid_session(self, *, resumable: bool) -> None:
        if not resumable:
            self._sessions.clear()
        self._tell({"op": INVALID_SESSION, "d": resumable, "s": None, "t": None})

    def drop(self) -> None:
        """Cut every socket without a word."""
        for socket in list(self._sockets):
            if socket.transport:
                socket.transport.abort()

    def zombie(self, on: bool = True) -> None:
        """Stop acknowledging heartbeats on the connections there are."""
        for socket in self._sockets:
            socket.zombie = on

    async def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Close every socket; by some codes Discord says that the sessions are over."""
        if code in OVER:
            self._sessions.clear()
        for socket in list(self._sockets):
            await socket.ws.close(code=code)

    def _tell(self, frame: Json) -> None:
        for socket in self._sockets:
            socket.put(frame)

    # -- dispatching -------------------------------------------------------------------------------

    def dispatch(self, kind: str, data: Json, guild: Guild | None, *, intent: int = 0, about: str = "") -> None:
        """Send an event to the sessions whose shard and intents it belongs to."""
        for session in self._sessions.values():
            if session.sees(guild) and (not intent or session.intents & intent):
                shown = data
                if kind.startswith("MESSAGE_") and "content" in data and not self._reads_content(session):
                    shown = without_content(data, self._world.bot.id)
                self._send(session, kind, shown, about or str(data.get("id", "")))

    def about_channel(self, kind: str, data: Json, channel: Channel, intents: tuple[int, int], about: str) -> None:
        """An event in a channel: the first intent is for guilds, the second for direct messages."""
        intent = intents[0] if channel.guild else intents[1]
        self.dispatch(kind, data, channel.guild, intent=intent, about=about)

    def _reads_content(self, session: Session) -> bool:
        granted = self._world.message_content_intent == "enabled"
        return granted and bool(session.intents & Intent.MESSAGE_CONTENT)

    def _send(self, session: Session, kind: str, data: Json, about: str) -> None:
        session.sequence += 1
        frame = orjson.dumps({"op": DISPATCH, "t": kind, "s": session.sequence, "d": data})
        session.sent.append((session.sequence, frame))
        if session.socket:
            session.socket.put(frame, Dispatch(kind, about, 0, session.id))

    # -- one connection ----------------------------------------------------------------------------

    async def connect(self, request: web.BaseRequest) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        compress = compressor_for(request.query.get("compress", ""))
        socket = Socket(ws, compress, request.transport)
        self._sockets.add(socket)
        writer = asyncio.create_task(socket.write(self.dispatches))
        socket.put({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_interval_ms}, "s": None, "t": None})
        try:
            async for message in ws:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    await self._received(socket, orjson.loads(message.data))
        finally:
            writer.cancel()
            self._sockets.discard(socket)
            self._left(socket)
        return ws

    def _left(self, socket: Socket) -> None:
        """A goodbye (1000, 1001) ends the session; anything else leaves it to be resumed."""
        for session in [one for one in self._sessions.values() if one.socket is socket]:
            session.socket = None
            if socket.ws.close_code in {WSCloseCode.OK, WSCloseCode.GOING_AWAY}:
                self._sessions.pop(session.id, None)
        self._world.changed()

    async def _received(self, socket: Socket, payload: Json) -> None:
        data: Any = payload.get("d")
        match payload["op"]:
            case op if op == HEARTBEAT:
                if not socket.zombie:
                    socket.put({"op": ACK, "d": None, "s": None, "t": None})
            case op if op == IDENTIFY:
                await self._identify(socket, data)
            case op if op == RESUME:
                await self._resume(socket, data)
            case op if op == PRESENCE:
                self.presence = data
            case op if op == REQUEST_MEMBERS:
                self._chunk(data)
            case _:
                pass

    async def _identify(self, socket: Socket, data: Json) -> None:
        self.identifies.append({key: value for key, value in data.items() if key != "token"})
        if data["token"] != self._world.token:
            await socket.ws.close(code=4004, message=b"Authentication failed.")
            return
        privileged = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES
        if self._world.message_content_intent != "enabled":
            privileged |= Intent.MESSAGE_CONTENT
        if data["intents"] & privileged:
            await socket.ws.close(code=4014, message=b"Disallowed intent(s).")
            return
        number, count = data.get("shard") or (0, 1)
        self._forget_detached((number, count))
        session = Session(f"session-{self._world.ids.now()}", (number, count), data["intents"], socket=socket)
        self._sessions[session.id] = session
        guilds = [one for one in self._world.guilds.values() if session.sees(one) and self._world.bot.id in one.members]
        self._send(session, "READY", self._ready(session, guilds), session.id)
        for guild in guilds:
            self._send(session, "GUILD_CREATE", self._world.guild_create(guild), guild.id)
        self._world.changed()

    def _forget_detached(self, shard: tuple[int, int]) -> None:
        for session in [one for one in self._sessions.values() if one.shard == shard and one.socket is None]:
            del self._sessions[session.id]

    def _ready(self, session: Session, guilds: list[Guild]) -> dict[str, Any]:
        granted = self._world.message_content_intent == "enabled"
        return {
            "v": 10,
            "user": shapes.own_user(self._world.bot),
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.resume_url or self._world.base_url.replace("http", "ws", 1),
            "shard": list(session.shard),
            "application": {"id": self._world.bot.id, "flags": LIMITED_CONTENT_FLAG if granted else 0},
            "private_channels": [],
            "presences": [],
            "relationships": [],
        }

    async def _resume(self, socket: Socket, data: Json) -> None:
        if data["token"] != self._world.token:
            await socket.ws.close(code=4004, message=b"Authentication failed.")
            return
        session = self._sessions.get(data["session_id"])
        missed = [frame for number, frame in session.sent if number > data["seq"]] if session else []
        if session is None:
            socket.put({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        for frame in missed:
            socket.put(frame)
        session.socket = socket
        session.resumed += 1
        self._send(session, "RESUMED", {}, session.id)
        self._world.changed()

    def _chunk(self, data: Json) -> None:
        guild = self._world.guilds[str(data["guild_id"])]
        wanted = {str(one) for one in data.get("user_ids") or guild.members}
        members = [shapes.member(one) for user_id, one in guild.members.items() if user_id in wanted]
        chunk = {
            "guild_id": guild.id,
            "members": members,
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [],
        }
        self.dispatch("GUILD_MEMBERS_CHUNK", chunk, guild)
