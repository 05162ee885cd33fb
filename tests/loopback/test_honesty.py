"""The loopback's honesty: what Discord would refuse is noticed, in both directions."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.loopback import LoopbackDiscord

BAD_MESSAGES = {
    "unknown key": ({"content": "x", "contnet": "y"}, 200, "contnet: unknown key"),
    "wrong type": ({"content": 5}, 400, "content: 5 is not"),
    "too long a title": ({"embeds": [{"title": "t" * 257}]}, 400, "embeds/0/title"),
    "unknown key in a button": (
        {
            "components": [
                {
                    "type": 1,
                    "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "b", "lable": 1}],
                }
            ]
        },
        200,
        "lable: unknown key",
    ),
    "nothing in it": ({}, 400, "50006"),
    "too long": ({"content": "x" * 2001}, 400, "2000 or fewer"),
    "too much in embeds": ({"embeds": [{"description": "d" * 3001}] * 2}, 400, "6000"),
    "the same custom_id twice": (
        {
            "components": [
                {"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "b"}] * 2},
            ]
        },
        400,
        "duplicated",
    ),
}


@pytest.mark.parametrize("case", BAD_MESSAGES)
async def test_what_discord_would_refuse_is_a_violation(case: str) -> None:
    body, status, sentence = BAD_MESSAGES[case]
    async with LoopbackDiscord() as world:
        _skip_without_spec(world)
        headers = {"Authorization": f"Bot {world.token}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            url = f"{world.rest_url}/channels/{world.general.id}/messages"
            async with http.post(url, json=body) as answer:
                assert answer.status == status, await answer.text()
        with pytest.raises(AssertionError, match="Discord would not have taken this"):
            world.assert_clean()
        assert world.own_violations == []
        assert len(world.violations) == 1
        assert sentence in world.violations[0]


async def test_unknown_operations_queries_and_names_are_violations() -> None:
    async with LoopbackDiscord() as world:
        _skip_without_spec(world)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {world.token}"}) as http:
            await http.get(f"{world.rest_url}/channels/{world.general.id}/mesages")
            await http.get(f"{world.rest_url}/channels/{world.general.id}/messages?limit=101&befor=1")
            await http.post(f"{world.rest_url}/channels/{world.general.id}/webhooks", json={"name": "Clyde"})
            await http.get(f"{world.rest_url}/guilds/{world.playground.id}/bans")
        told = "\n".join(world.violations)
        assert len(world.violations) == 4, told
        for part in ("no such operation", "limit", "befor", "clyde"):
            assert part in told
        assert "does not implement" in world.own_violations[0]


async def test_the_loopback_judges_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.loopback import shapes

    whole = shapes.own_user
    monkeypatch.setattr(shapes, "own_user", lambda person: whole(person) | {"nickname": "x", "id": 5})
    async with LoopbackDiscord() as world:
        _skip_without_spec(world)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {world.token}"}) as http:
            await http.get(f"{world.rest_url}/users/@me")
        assert len(world.own_violations) == 2, world.own_violations


async def test_without_the_file_the_report_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from tests.loopback import openapi

    monkeypatch.setenv("TZUROT_SHARED", str(tmp_path))
    openapi.load_spec.cache_clear()
    world = LoopbackDiscord()
    openapi.load_spec.cache_clear()
    assert world.spec is None
    assert "was not found" in world.report()
    assert "switched off" in LoopbackDiscord(validate=False).report()


def _skip_without_spec(world: LoopbackDiscord) -> None:
    if world.spec is None:
        pytest.skip(world.report())
