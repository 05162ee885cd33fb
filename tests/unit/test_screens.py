"""Lists, confirmations and flights as values: what they show and where their buttons lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tzurot.errors import Invalid, Refused
from tzurot.tables.flights import FlightRecord
from tzurot.ui.confirm import Confirm
from tzurot.ui.flight import flight_screen
from tzurot.ui.listing import PAGE, Listing, Row
from tzurot.ui.screen import Address, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.ui.screen import Button


@dataclass
class Shelf:
    """Boats, and what the lists asked of them."""

    names: list[str] = field(default_factory=list[str])
    opened: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def load(self, viewer: str, query: str) -> Sequence[Row]:
        assert viewer == "ida"
        return [Row(label=name, value=f"id-{name}", detail="a boat") for name in self.names if query in name]

    async def open(self, viewer: str, value: str, back: Button) -> Screen:
        self.opened.append((viewer, value))
        return Screen(title=value, buttons=(back,))

    def listing(self) -> Listing[str]:
        return Listing(key="boats", title="Boats", empty="No boats here.", load=self.load, open=self.open)


def shelf(count: int) -> Shelf:
    return Shelf([f"boat {number:02}" for number in range(count)])


def shown(screen: Screen) -> list[str]:
    return [line.partition("**")[2].partition("**")[0] for line in screen.text.splitlines()]


async def test_an_empty_list_says_so_and_offers_nothing() -> None:
    screen = await shelf(0).listing().page("ida", 5)
    assert screen == Screen(title="Boats", text="No boats here.")
    assert (await shelf(5).listing().page("ida", 5, query="submarine")).text == "No boats here."


@pytest.mark.parametrize("count", [1, PAGE])
async def test_what_fits_on_a_page_needs_no_buttons(count: int) -> None:
    screen = await shelf(count).listing().page("ida", 5)
    assert len(shown(screen)) == count
    assert screen.buttons == ()
    assert screen.select is not None
    assert [choice.value for choice in screen.select.choices] == [f"id-boat {number:02}" for number in range(count)]
    assert screen.footer == f"{count} in all · page 1 of 1"


async def test_pages_follow_each_other_through_their_buttons() -> None:
    boats = shelf(2 * PAGE + 1)
    listing = boats.listing()
    screen = await listing.page("ida", 5, query="boat")
    seen: list[str] = []
    for number in range(3):
        seen += shown(screen)
        back, onward = screen.buttons
        assert (back.enabled, onward.enabled) == (number > 0, number < 2)
        assert back.address.pack() != onward.address.pack()
        assert screen.footer == f"21 in all · page {number + 1} of 3 · “boat”"
        screen = await listing.press("ida", Address.unpack(onward.address.pack()), ())
    assert seen == boats.names
    assert (await listing.press("ida", Address.unpack(back.address.pack()), ())).footer.startswith("21 in all · page 2")


async def test_a_page_that_is_gone_becomes_the_last_one() -> None:
    boats = shelf(PAGE + 1)
    listing = boats.listing()
    for number, page in ((1, "page 2 of 2"), (99, "page 2 of 2"), (-7, "page 1 of 2")):
        assert page in (await listing.page("ida", 5, number)).footer
    boats.names.pop()
    press = Address(screen="boats", verb="page", owner=5, arguments=("1", ""))
    assert "page 1 of 1" in (await listing.press("ida", press, ())).footer


async def test_opening_an_entry_leads_back_to_the_same_page_and_search() -> None:
    boats = shelf(2 * PAGE)
    listing = boats.listing()
    page = await listing.page("ida", 5, 1, "boat")
    assert page.select is not None
    opened = await listing.press("ida", Address.unpack(page.select.address.pack()), ("id-boat 13",))
    assert boats.opened == [("ida", "id-boat 13")]
    back = Address.unpack(opened.buttons[0].address.pack())
    assert (back.owner, back.arguments) == (5, ("1", "boat"))
    assert await listing.press("ida", back, ()) == page


@pytest.mark.parametrize(
    ("verb", "arguments", "values"),
    [
        ("page", (), ()),
        ("page", ("x", ""), ()),
        ("page", ("1",), ()),
        ("page", ("9" * 5000, ""), ()),
        ("open", ("0", ""), ()),
        ("open", ("0", ""), ("a", "b")),
        ("burn", ("0", ""), ()),
        ("", ("0", ""), ()),
    ],
)
async def test_a_press_that_no_list_of_ours_made_does_nothing(
    verb: str, arguments: tuple[str, ...], values: tuple[str, ...]
) -> None:
    boats = shelf(3)
    with pytest.raises(Invalid, match="Run the command again"):
        await boats.listing().press("ida", Address(screen="boats", verb=verb, owner=5, arguments=arguments), values)
    assert boats.opened == []


# Confirmations


class Sinking:
    """A question before a boat is sunk; only Ida may."""

    def __init__(self) -> None:
        self.afloat = {"gull", "tern"}
        self.confirm: Confirm[str] = Confirm(
            key="sink", title="Sink it?", yes="Sink it", question=self.question, act=self.act
        )

    async def question(self, viewer: str, subject: str) -> str:
        if viewer != "ida":
            raise Refused("boat.not_yours", "That is not your boat.")
        return f"{subject} will be gone."

    async def act(self, viewer: str, subject: str) -> str:
        await self.question(viewer, subject)
        self.afloat.discard(subject)
        return f"{subject} is gone."


async def test_nothing_is_lost_before_a_yes() -> None:
    sinking = Sinking()
    button = sinking.confirm.button("Sink", 5, "gull")
    assert button.style == "danger"
    question = await sinking.confirm.press("ida", Address.unpack(button.address.pack()))
    assert (question.title, question.text) == ("Sink it?", "gull will be gone.")
    yes, no = question.buttons
    assert (yes.label, yes.style, no.label) == ("Sink it", "danger", "Keep it")
    kept = await sinking.confirm.press("ida", Address.unpack(no.address.pack()))
    assert (kept.text, kept.buttons, sinking.afloat) == ("Nothing was changed.", (), {"gull", "tern"})
    done = await sinking.confirm.press("ida", Address.unpack(yes.address.pack()))
    assert (done.text, done.buttons, sinking.afloat) == ("gull is gone.", (), {"tern"})


@pytest.mark.parametrize("verb", ["ask", "yes"])
async def test_the_right_to_lose_it_is_checked_at_every_press(verb: str) -> None:
    sinking = Sinking()
    address = Address(screen="sink", verb=verb, owner=5, arguments=("gull",))
    with pytest.raises(Refused):
        await sinking.confirm.press("otto", address)
    assert sinking.afloat == {"gull", "tern"}


@pytest.mark.parametrize(
    ("verb", "arguments"), [("yes", ()), ("yes", ("gull", "tern")), ("Yes", ("gull",)), ("", ("",))]
)
async def test_a_forged_press_sinks_nothing(verb: str, arguments: tuple[str, ...]) -> None:
    sinking = Sinking()
    with pytest.raises(Invalid):
        await sinking.confirm.press("ida", Address(screen="sink", verb=verb, owner=5, arguments=arguments))
    assert sinking.afloat == {"gull", "tern"}


# Flights


def flight(record: dict[str, Any], **given: Any) -> FlightRecord:
    usual: dict[str, Any] = {
        "turn_id": 32,
        "character_name": "Maren",
        "model": "m/1",
        "prompt_tokens": 1200,
        "cached_tokens": 1000,
        "reply_tokens": 30,
        "cost_usd": 0.000125,
        "flown_at": datetime(2026, 3, 4, 21, 5, 9, tzinfo=UTC),
    }
    return FlightRecord(**{**usual, **given}, record=record)


RECORD: dict[str, Any] = {
    "reason": "mention",
    "steps_ms": [["fetch", 1.5], ["model", 900]],
    "attempts": [{"outcome": "llm.busy", "took_ms": 12}, {"outcome": "ok", "took_ms": 880.5}],
    "history": 7,
    "memories": [{"score": 3.25, "speaker": "Ida", "text": "I sail. " * 40}],
    "quotes": 1,
    "unread": ["A picture."],
    "prompt": [{"role": "system", "content": "Be Maren."}, {"role": "user", "content": "Ida: Hi."}],
    "tokens": 1234,
    "limit": 15584,
    "cuts": ["2 example dialogues (60 tokens) left out"],
    "host": "models.example",
    "finish": "stop",
    "reasoning": "hm",
    "error": None,
}


def test_a_flight_is_told_in_facts() -> None:
    screen = flight_screen(flight(RECORD))
    facts = dict(screen.facts)
    assert screen.title == "Maren's last turn"
    assert screen.prompt == "[system]\nBe Maren.\n\n[user]\nIda: Hi."
    assert facts["Reference"] == "0010"
    assert facts["When"] == "2026-03-04 21:05:09 UTC, because of: mention"
    assert facts["Model"] == "m/1 at models.example"
    assert facts["Time"] == "fetch 1.5 ms, model 900 ms"
    assert facts["Attempts"] == "llm.busy after 12 ms, ok after 880.5 ms"
    assert facts["Prompt"] == "about 1234 of 15584 tokens, 7 lines of history, 1 memories, 1 quotes"
    assert facts["Counted"] == "1200 prompt tokens (1000 cached), 30 reply, $0.000125"
    assert facts["Left out"] == "2 example dialogues (60 tokens) left out"
    assert (facts["Not readable"], facts["Thoughts"], facts["Ended"]) == ("A picture.", "hm", "stop")
    assert facts["Memories"].startswith("3.25 Ida: I sail.")
    assert len(facts["Memories"]) < 140
    assert "Error" not in facts


def test_a_flight_that_never_took_off_says_why() -> None:
    empty = {"attempts": [], "memories": [], "unread": [], "prompt": [], "cuts": [], "reasoning": "", "finish": ""}
    error = {"code": "llm.key", "sentence": "The key is not accepted."}
    screen = flight_screen(flight({**RECORD, **empty, "error": error}, model="", prompt_tokens=0, cost_usd=None))
    facts = dict(screen.facts)
    assert facts["Model"] == "none was asked"
    assert facts["Error"] == "llm.key: The key is not accepted."
    assert facts["Left out"] == "nothing"
    assert not {"Attempts", "Counted", "Memories", "Thoughts", "Ended"} & set(facts)
    assert screen.prompt == ""
