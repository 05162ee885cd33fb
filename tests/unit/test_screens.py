"""Lists, confirmations and dashboards as values: what they show and where their buttons lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.viewers import viewer
from tzurot.errors import Invalid, Refused
from tzurot.ui.confirm import Confirm
from tzurot.ui.dashboard import Action, Dashboard, Field, Section, Sheet
from tzurot.ui.listing import PAGE, Listing, Row, View
from tzurot.ui.screen import Address, Form, Press, Screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tzurot.ui.screen import Answer, Button, Pressable
    from tzurot.ui.viewer import Viewer

IDA, OTTO = viewer("Ida", 1), viewer("Otto", 2)


async def press(on: Pressable, button: Button | Address, who: Viewer = IDA, *values: str, **texts: str) -> Answer:
    """As a click arrives: the address by way of its packed form."""
    address = button if isinstance(button, Address) else button.address
    return await on.press(who, Press(address=Address.unpack(address.pack()), values=values, texts=texts))


async def pressed(on: Pressable, button: Button | Address, who: Viewer = IDA, *values: str, **texts: str) -> Screen:
    answer = await press(on, button, who, *values, **texts)
    assert isinstance(answer, Screen)
    return answer


def labelled(screen: Screen, label: str) -> Button:
    return next(button for button in screen.buttons if button.label.startswith(label))


@dataclass
class Shelf:
    """Boats, and what the lists asked of them."""

    names: list[str] = field(default_factory=list[str])
    opened: list[str] = field(default_factory=list[str])

    async def load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        assert viewer is IDA
        wanted = [name for name in self.names if view.query in name]
        if view.filter:
            wanted = [name for name in wanted if name.endswith("1")]
        return [
            Row(label=name, value=f"id-{name}", detail="a boat", order=(name, -number))
            for number, name in enumerate(wanted)
        ]

    async def open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        assert viewer is IDA
        self.opened.append(value)
        return Screen(title=value, buttons=(back,))

    def listing(self) -> Listing:
        return Listing(
            key="boats",
            title="Boats",
            empty="No boats here.",
            load=self.load,
            open=self.open,
            sorts=("name", "newest"),
            filters=("all", "ones"),
        )


def shelf(count: int) -> Shelf:
    return Shelf([f"boat {number:02}" for number in range(count)])


def shown(screen: Screen) -> list[str]:
    return [line.partition("**")[2].partition("**")[0] for line in screen.text.splitlines()]


async def test_an_empty_list_says_so_and_offers_nothing_to_open() -> None:
    screen = await shelf(0).listing().page(IDA)
    assert (screen.text, screen.select) == ("No boats here.", None)
    assert (await shelf(5).listing().page(IDA, View(query="submarine"))).text == "No boats here."


@pytest.mark.parametrize("count", [1, PAGE])
async def test_what_fits_on_a_page_needs_no_other_pages(count: int) -> None:
    screen = await shelf(count).listing().page(IDA)
    assert len(shown(screen)) == count
    assert {button.label for button in screen.buttons} == {"Sorted by name", "Showing all"}
    assert screen.select is not None
    assert [choice.value for choice in screen.select.choices] == [f"id-boat {number:02}" for number in range(count)]
    assert screen.footer == f"{count} in all · page 1 of 1"


async def test_pages_follow_each_other_through_their_buttons() -> None:
    boats = shelf(2 * PAGE + 1)
    listing = boats.listing()
    screen = await listing.page(IDA, View(query="boat"))
    seen: list[str] = []
    for number in range(3):
        seen += shown(screen)
        back, onward = labelled(screen, "◀"), labelled(screen, "Next")
        assert (back.enabled, onward.enabled) == (number > 0, number < 2)
        assert screen.footer == f"21 in all · page {number + 1} of 3 · “boat”"
        screen = await pressed(listing, onward)
    assert seen == boats.names
    assert (await pressed(listing, back)).footer.startswith("21 in all · page 2")


async def test_sorting_and_filtering_go_round_and_begin_at_the_first_page() -> None:
    listing = shelf(2 * PAGE).listing()
    second = await pressed(listing, labelled(await listing.page(IDA), "Next"))
    newest = await pressed(listing, labelled(second, "Sorted by name"))
    assert shown(newest)[0] == "boat 19"
    assert newest.footer.startswith("20 in all · page 1")
    ones = await pressed(listing, labelled(newest, "Showing all"))
    assert shown(ones) == ["boat 11", "boat 01"]
    everything = await pressed(listing, labelled(ones, "Showing ones"))
    assert shown(await pressed(listing, labelled(everything, "Sorted by newest")))[0] == "boat 00"


async def test_searching_asks_in_a_form_and_keeps_the_order() -> None:
    listing = shelf(2 * PAGE).listing()
    newest = await pressed(listing, labelled(await listing.page(IDA), "Sorted by name"))
    form = await press(listing, labelled(newest, "Search"))
    assert isinstance(form, Form)
    found = await pressed(listing, form.address, query=" boat 1 ")
    assert shown(found) == [f"boat {number}" for number in range(19, 9, -1)]
    again = await press(listing, labelled(found, "Search"))
    assert isinstance(again, Form)
    assert again.inputs[0].value == "boat 1"


async def test_a_page_that_is_gone_becomes_the_last_one() -> None:
    boats = shelf(PAGE + 1)
    listing = boats.listing()
    for number, page in ((1, "page 2 of 2"), (99, "page 2 of 2"), (-7, "page 1 of 2")):
        assert page in (await listing.page(IDA, View(page=number))).footer
    second = await listing.page(IDA, View(page=1))
    boats.names.pop()
    assert "page 1 of 1" in (await pressed(listing, labelled(second, "◀"))).footer


async def test_opening_an_entry_leads_back_to_the_same_page_and_search() -> None:
    boats = shelf(2 * PAGE)
    listing = boats.listing()
    page = await listing.page(IDA, View(page=1, sort=1, query="boat"))
    assert page.select is not None
    opened = await pressed(listing, page.select.address, IDA, "id-boat 03")
    assert boats.opened == ["id-boat 03"]
    assert await pressed(listing, opened.buttons[0]) == page


@pytest.mark.parametrize(
    ("verb", "arguments", "values"),
    [
        ("page", (), ()),
        ("page", ("x", "0", "0", "", ""), ()),
        ("page", ("1",), ()),
        ("page", ("9" * 5000, "0", "0", "", ""), ()),
        ("open", ("0", "0", "0", "", ""), ()),
        ("open", ("0", "0", "0", "", ""), ("a", "b")),
        ("burn", ("0", "0", "0", "", ""), ()),
        ("", ("0", "0", "0", "", ""), ()),
    ],
)
async def test_a_press_that_no_list_of_ours_made_does_nothing(
    verb: str, arguments: tuple[str, ...], values: tuple[str, ...]
) -> None:
    boats = shelf(3)
    address = Address(screen="boats", verb=verb, owner=5, arguments=arguments)
    with pytest.raises(Invalid, match="Run the command again"):
        await boats.listing().press(IDA, Press(address=address, values=values))
    assert boats.opened == []


# Confirmations


class Sinking:
    """A question before a boat is sunk; only Ida may."""

    def __init__(self, phrase: str = "") -> None:
        self.afloat = {"gull", "tern"}
        self.confirm = Confirm(
            key="sink", title="Sink it?", yes="Sink it", question=self.question, act=self.act, phrase=phrase
        )

    async def question(self, viewer: Viewer, subject: str) -> str:
        if viewer is not IDA:
            raise Refused("boat.not_yours", "That is not your boat.")
        return f"{subject} will be gone."

    async def act(self, viewer: Viewer, subject: str) -> str:
        await self.question(viewer, subject)
        self.afloat.discard(subject)
        return f"{subject} is gone."


async def test_nothing_is_lost_before_a_yes() -> None:
    sinking = Sinking()
    button = sinking.confirm.button("Sink", IDA, "gull")
    assert button.style == "danger"
    question = await pressed(sinking.confirm, button)
    assert (question.title, question.text) == ("Sink it?", "gull will be gone.")
    yes, no = question.buttons
    assert (yes.label, yes.style, no.label) == ("Sink it", "danger", "Keep it")
    kept = await pressed(sinking.confirm, no)
    assert (kept.text, kept.buttons, sinking.afloat) == ("Nothing was changed.", (), {"gull", "tern"})
    done = await pressed(sinking.confirm, yes)
    assert (done.text, done.buttons, sinking.afloat) == ("gull is gone.", (), {"tern"})


async def test_what_takes_a_phrase_is_not_lost_by_a_click() -> None:
    sinking = Sinking("sink it")
    yes, _ = (await sinking.confirm.ask(IDA, "gull")).buttons
    form = await press(sinking.confirm, yes)
    assert isinstance(form, Form)
    for typed in ("", "sink", "sink it now"):
        with pytest.raises(Invalid, match="nothing was changed"):
            await press(sinking.confirm, form.address, phrase=typed)
    with pytest.raises(Invalid):
        await press(sinking.confirm, Address(screen="sink", verb="yes", owner=5, arguments=("gull",)))
    assert sinking.afloat == {"gull", "tern"}
    assert (await pressed(sinking.confirm, form.address, phrase=" Sink IT ")).text == "gull is gone."
    assert sinking.afloat == {"tern"}


@pytest.mark.parametrize("verb", ["ask", "yes"])
async def test_the_right_to_lose_it_is_checked_at_every_press(verb: str) -> None:
    sinking = Sinking()
    with pytest.raises(Refused):
        await press(sinking.confirm, Address(screen="sink", verb=verb, owner=5, arguments=("gull",)), OTTO)
    assert sinking.afloat == {"gull", "tern"}


@pytest.mark.parametrize(("verb", "arguments"), [("yes", ()), ("Yes", ("gull",)), ("", ("",)), ("typed", ("gull",))])
async def test_a_forged_press_sinks_nothing(verb: str, arguments: tuple[str, ...]) -> None:
    sinking = Sinking()
    with pytest.raises(Invalid):
        await press(sinking.confirm, Address(screen="sink", verb=verb, owner=5, arguments=arguments))
    assert sinking.afloat == {"gull", "tern"}


# Dashboards


class Boat:
    """A boat with a name and a log that only Ida writes."""

    def __init__(self) -> None:
        self.values = {"name": "gull", "log": "calm seas"}
        self.painted = 0
        self.dashboard = Dashboard(
            key="boat",
            sections=(
                Section(name="hull", label="Hull", fields=(Field(name="name", label="Name", limit=20, required=True),)),
                Section(name="book", label="Book", fields=(Field(name="log", label="Log", long=True),)),
            ),
            load=self.load,
            save=self.save,
            actions=(
                Action(name="paint", label="Paint", act=self.paint),
                Action(name="show", label="Show", act=self.show, danger=True),
            ),
        )

    async def load(self, viewer: Viewer, subject: str) -> Sheet:
        assert subject == "7"
        if viewer is not IDA:
            raise Refused("boat.not_yours", "That is not your boat.")
        return Sheet(title=self.values["name"], values=self.values, note="afloat")

    async def save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> None:
        await self.load(viewer, subject)
        self.values |= changed

    async def paint(self, viewer: Viewer, subject: str) -> Screen | None:
        await self.load(viewer, subject)
        self.painted += 1
        return None

    async def show(self, viewer: Viewer, subject: str) -> Screen:
        await self.load(viewer, subject)
        return Screen(title="a picture", buttons=(self.dashboard.back(viewer, subject),))


async def test_a_section_is_a_form_with_its_values_and_is_saved() -> None:
    boat = Boat()
    screen = await boat.dashboard.show(IDA, "7")
    assert (screen.title, screen.text) == ("gull", "afloat")
    assert screen.fields == (("Hull", "Name: gull"), ("Book", "Log: calm seas"))
    assert screen.select is not None
    form = await press(boat.dashboard, screen.select.address, IDA, "book")
    assert isinstance(form, Form)
    assert [(one.name, one.value, one.long) for one in form.inputs] == [("log", "calm seas", True)]
    saved = await pressed(boat.dashboard, form.address, IDA, log="a storm", name="forged")
    assert boat.values == {"name": "gull", "log": "a storm"}, "only the fields of the section are taken"
    assert saved.fields[1] == ("Book", "Log: a storm")


async def test_a_long_text_is_shown_by_its_beginning_and_not_edited_in_a_form() -> None:
    boat = Boat()
    boat.values["log"] = "waves " * 1000
    screen = await boat.dashboard.show(IDA, "7")
    assert "(6000 characters)" in screen.fields[1][1]
    assert screen.select is not None
    with pytest.raises(Invalid, match="longer than a form can hold"):
        await press(boat.dashboard, screen.select.address, IDA, "book")


async def test_actions_act_and_come_back() -> None:
    boat = Boat()
    screen = await boat.dashboard.show(IDA, "7")
    assert await pressed(boat.dashboard, labelled(screen, "Paint")) == screen
    assert boat.painted == 1
    picture = await pressed(boat.dashboard, labelled(screen, "Show"))
    assert await pressed(boat.dashboard, labelled(picture, "Back")) == screen


@pytest.mark.parametrize(
    ("verb", "arguments", "values"),
    [
        ("fill", ("7",), ("keel",)),
        ("fill", ("7",), ()),
        ("save", ("keel", "7"), ()),
        ("save", ("hull",), ()),
        ("act", ("sink", "7"), ()),
        ("act", (), ()),
        ("", ("7",), ()),
    ],
)
async def test_what_no_dashboard_offers_changes_nothing(
    verb: str, arguments: tuple[str, ...], values: tuple[str, ...]
) -> None:
    boat = Boat()
    with pytest.raises(Invalid):
        await press(boat.dashboard, Address(screen="boat", verb=verb, owner=5, arguments=arguments), IDA, *values)
    assert (boat.values["name"], boat.painted) == ("gull", 0)


async def test_somebody_else_neither_sees_nor_saves() -> None:
    boat = Boat()
    for address in (
        Address(screen="boat", verb="show", owner=5, arguments=("7",)),
        Address(screen="boat", verb="save", owner=5, arguments=("hull", "7")),
        Address(screen="boat", verb="act", owner=5, arguments=("paint", "7")),
    ):
        with pytest.raises(Refused):
            await press(boat.dashboard, address, OTTO, name="mine")
    assert (boat.values["name"], boat.painted) == ("gull", 0)
