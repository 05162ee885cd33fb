"""Ten thousand ids that no screen made: a screen or a refusal, never an exception, never a change."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.viewers import viewer
from tzurot.app import App
from tzurot.config import load
from tzurot.discord.gateway import make_bot
from tzurot.discord.places import Places
from tzurot.errors import TzurotError
from tzurot.pipeline.lanes import Lanes
from tzurot.talk import Speaker
from tzurot.ui.screen import Address, Press
from tzurot.wiring import commands_of

if TYPE_CHECKING:
    from tzurot.app import Core
    from tzurot.discord.components import Router

FORGED = 10_000
VERBS = (
    "page sort filter open found fill show act save pick typed reset ask yes no lift".split()  # all there are
)
WORDS = ("publish", "open", "delete", "identity", "all", "footer", "on", "answers", "nobody", "history_messages", "")
NUMBERS = ("0", "1", "2", "3", "5", "7", "-1", "99", "9" * 18, "9" * 40, "1:1", "1:", "x", "०")
STATE = (
    "SELECT md5(concat((SELECT json_agg(c ORDER BY id) FROM characters c), (SELECT json_agg(p ORDER BY id) FROM"
    " personas p), (SELECT json_agg(s ORDER BY id) FROM settings s), (SELECT json_agg(r ORDER BY id) FROM presets r),"
    " (SELECT json_agg(d ORDER BY id) FROM denials d), (SELECT json_agg(a ORDER BY id) FROM activations a),"
    " (SELECT json_agg(k ORDER BY id) FROM api_keys k), (SELECT json_agg(e ORDER BY id) FROM epochs e)))"
)


def forged(dice: random.Random, keys: list[str]) -> str:
    if dice.random() < 0.1:
        return "".join(
            chr(dice.choice((dice.randrange(32, 127), dice.randrange(0x3000, 0x9000))))
            for _ in range(dice.randrange(100))
        )
    arguments = tuple(dice.choice((*NUMBERS, *WORDS)) for _ in range(dice.randrange(7)))
    packed = Address(screen=dice.choice(keys), verb=dice.choice(VERBS), arguments=arguments).pack()
    return packed[: dice.randrange(len(packed) + 1)] if dice.random() < 0.2 else packed


async def nothing() -> tuple[()]:
    return ()


def router_of(core: Core) -> Router:
    """The router of a bot that is not connected: whoever has no right needs no Discord."""
    bot = make_bot("MTAw.x.y", "http://127.0.0.1:1", content=True)
    return commands_of(
        core,
        bot=bot,
        front=cast("Any", None),
        places=Places(bot),
        lanes=Lanes(waiting=1, at_once=1),
        owner_ids=frozenset(),
        facts=nothing,
    ).router


@pytest.mark.timeout(180)
async def test_no_forged_press_does_anything(database_url: str) -> None:
    dice = random.Random(7)
    async with App(load(database={"url": database_url}), exclusive=False) as core:
        router = router_of(core)
        keys = [*router.keys, "nobody"]
        for name in ("Alice", "Bob"):  # users 1 and 2 own something; who presses is user 4, and owns nothing
            person = await core.tables.people.meet(Speaker(front="discord", external_id=name, name=name))
            await core.tables.personas.add(person.user_id, name="Other", description="", pronouns="")
            await core.tables.presets.add(person.user_id, "Wild", {})
        await core.tables.denials.add("user", 5, "channel", 99, reason="", expires_at=None)
        before = await core.database.value(STATE)
        stranger = viewer("Stranger", 4)
        answered = refused = 0
        for _ in range(FORGED):
            packed = forged(dice, keys)
            values = tuple(dice.choice(NUMBERS) for _ in range(dice.randrange(3)))
            try:
                await router.press(stranger, Press(address=Address.unpack(packed), values=values))
                answered += 1
            except TzurotError:
                refused += 1
        assert await core.database.value(STATE) == before
        assert answered > FORGED / 200, "some of them are screens that anybody may see"
        assert refused > FORGED / 2
