"""Addresses that come from people lead to the public internet and nowhere else, and bring no more than was asked."""

from __future__ import annotations

import gzip
import socket
from typing import TYPE_CHECKING

import pytest

from tests.loopback.model import File
from tzurot.errors import TzurotError
from tzurot.outbound import Outbound, PublicResolver

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

INSIDE = [
    "http://127.0.0.1:{port}/v1/models",
    "http://localhost:{port}/v1/models",
    "http://user:password@127.0.0.1:{port}/v1/models",
    "http://127.1:{port}/v1/models",
    "http://2130706433:{port}/v1/models",
    "http://0.0.0.0:{port}/v1/models",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "file:///etc/passwd",
    "ftp://example.org/",
    "",
]
BROKEN = ["http://0x7f.1:{port}/v1/models", "http://a b/", "https://", "http://name.invalid/", "http://[::1"]


@pytest.mark.parametrize("operators", [(), ("https://discord.com/api/v10",)])
async def test_nothing_inside_is_reached(llm: ScriptedLLM, operators: tuple[str, ...]) -> None:
    llm.keys = {"nobody has it"}
    outbound = Outbound(operators=operators)
    port = llm.base_url.split(":")[2].removesuffix("/v1")
    try:
        for address in (*INSIDE, *BROKEN):
            with pytest.raises(TzurotError) as refused:
                await outbound.guarded.get(address.format(port=port), limit_bytes=99, timeout_s=5)
            assert refused.value.code in ({"fetch.private"} if address in INSIDE else {"fetch.private", "fetch.failed"})
    finally:
        await outbound.close()


async def test_a_name_that_leads_inside_is_not_known() -> None:
    resolver = PublicResolver()
    try:
        with pytest.raises(OSError, match="localhost"):
            await resolver.resolve("localhost", 80, socket.AF_UNSPEC)
    finally:
        await resolver.close()


async def test_an_operators_own_address_is_reached_and_no_more_is_read_than_asked(discord: LoopbackDiscord) -> None:
    outbound = Outbound(operators=("", discord.rest_url))
    try:
        packed = gzip.compress(b"\0" * 1_000_000)
        for content, limit, expected, whole in (
            (b"hello", 5, b"hello", True),
            (b"hello", 4, b"hell", False),
            (b"x" * 50_000_000, 1000, b"x" * 1000, False),
            (packed, 2000, packed, True),
        ):
            url = discord.keep_file("attachments/1/2/a.txt", File("a.txt", content, "text/plain"))
            fetched = await outbound.guarded.get(url, limit_bytes=limit)
            assert (fetched.content, fetched.whole) == (expected, whole)
            assert fetched.media_type == "text/plain"
        discord.fault("CDN", "loop", status=302, headers={"Location": "/attachments/loop"}, times=9)
        with pytest.raises(TzurotError) as endless:
            await outbound.guarded.get(f"{discord.base_url}/attachments/loop", limit_bytes=9)
        assert endless.value.code == "fetch.failed"
        assert len([one for one in discord.downloads if one.path.endswith("loop")]) == 4
    finally:
        await outbound.close()
