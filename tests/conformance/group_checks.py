"""How the cases of group activation are checked: many throws of the dice, because most rules allow several answers."""

from __future__ import annotations

from random import Random
from typing import Any

from tzurot.pipeline.speaking_order import Member, Occasion, next_speakers

THROWS = 200


def check_group_activation(case: dict[str, Any]) -> None:
    given = [{"name": one} if isinstance(one, str) else one for one in case["members"]]
    members = [
        Member(name=one["name"], key=one["name"], talkativeness=one.get("talk", 0.5), is_muted=bool(one.get("muted")))
        for one in given
    ]
    last = case.get("last_message") or {}
    by_person = bool(case.get("user_input"))
    occasion = Occasion(
        text=(case.get("input") if by_person else last.get("text")) or "",
        by_person=by_person,
        last_speaker=last.get("name") or case.get("last_speaker"),
        may_follow_itself=bool(case.get("allow_self_responses")),
        spoken=frozenset(case.get("spoken_since_user", ())),
    )
    expect = case["expect"]
    for seed in range(THROWS):
        chosen = [m.name for m in next_speakers(members, occasion, Random(seed), case["strategy"])]
        if "order" in expect:
            assert chosen == expect["order"]
        if "set" in expect:
            assert sorted(chosen) == sorted(expect["set"])
        if "one_of" in expect:
            assert len(chosen) == 1
            assert chosen[0] in expect["one_of"]
