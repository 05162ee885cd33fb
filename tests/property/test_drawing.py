"""A screen drawn for Discord keeps every limit of Discord's, whatever text is on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hikari
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tzurot.discord.render import cut, drawn, form_rows
from tzurot.ui.character import CREATE
from tzurot.ui.screen import Address, Button, Choice, File, Form, Input, Screen, Select

if TYPE_CHECKING:
    from collections.abc import Sequence

steady = settings(
    derandomize=True, deadline=None, database=None, max_examples=120, suppress_health_check=list(HealthCheck)
)
LONG = st.builds(
    lambda sign, times: sign * times, st.sampled_from(["a", "凛", "🎏", "é ", "\n"]), st.integers(0, 7000)
) | st.text(max_size=40)
NAMED = st.builds(lambda name, more: f"x{name}{more}", st.text(max_size=20), st.sampled_from(["", "凛" * 300]))
ADDRESS = Address(screen="screen", verb="verb", owner=2**60, arguments=("1", "q" * 90))


def screen(**given: Any) -> Screen:
    return Screen(**{"title": "Title", **given})


def embed_of(made: Screen) -> hikari.Embed:
    (embed,) = drawn(made)["embeds"]
    assert isinstance(embed, hikari.Embed)
    return embed


def components_of(made: Screen) -> list[list[dict[str, Any]]]:
    """Rows of components as they are sent."""
    rows = [row.build()[0] for row in drawn(made)["components"]]
    return [list(row["components"]) for row in rows]


def within_limits(embed: hikari.Embed) -> None:
    """https://discord.com/developers/docs/resources/message#embed-object-embed-limits"""
    assert len(embed.title or "") <= 256
    assert len(embed.description or "") <= 4096
    assert len(embed.fields) <= 25
    for one in embed.fields:
        assert 0 < len(one.name) <= 256
        assert one.value.strip()
        assert len(one.value) <= 1024
    assert len(embed.footer.text or "") <= 2048 if embed.footer else True
    assert embed.total_length() <= 6000
    assert (embed.title, embed.description) != ("", "")  # an empty text is left out, not sent


@steady
@given(LONG, LONG, st.lists(st.tuples(NAMED, LONG), max_size=30), LONG)
@example("🎏" * 9000, "凛" * 9000, [("n" * 300, "v" * 9000)] * 40, "f" * 9000)
@example("", "", [], "")
@example("t" * 256, "x" * 4096, [("n" * 256, "v" * 1024)] * 2, "f" * 200)
@example("t", "x" * 4096, [("name", "v" * 1024), ("name", "v" * 1024)], "slug")
def test_the_text_of_a_screen_is_cut_to_what_discord_takes(
    title: str, text: str, fields: list[tuple[str, str]], footer: str
) -> None:
    embed = embed_of(screen(title=title, text=text, fields=tuple(fields), footer=footer))
    within_limits(embed)
    assert (embed.title or "") == cut(title, 256)
    assert (embed.description or "") == cut(text, 4096)
    shown = {one.name for one in embed.fields}
    assert shown <= {cut(name, 256) for name, _ in fields}


def test_what_is_small_is_shown_whole() -> None:
    fields = (("Greeting", "Ahoy 🎏"), ("Empty", "  \n"), ("Tags", "sea, calm"))
    embed = embed_of(screen(text="Hello.", fields=fields, footer="maren"))
    assert (embed.title, embed.description) == ("Title", "Hello.")
    assert [(one.name, one.value) for one in embed.fields] == [fields[0], fields[2]]
    assert embed.footer is not None
    assert embed.footer.text == "maren"


def test_a_cut_is_seen() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 5) == "abcd…"
    assert (embed_of(screen(text="x" * 5000)).description or "").endswith("x…")


@pytest.mark.parametrize("text", [0, 3000, 4096])
def test_fields_share_the_room_that_is_left(text: int) -> None:
    embed = embed_of(screen(text="x" * text, fields=tuple((f"field {n}", "v" * 900) for n in range(8)), footer="slug"))
    within_limits(embed)
    assert embed.total_length() > 6000 - 950
    assert all(one.value.startswith("v") for one in embed.fields)


@steady
@given(LONG, st.integers(0, 12), LONG)
@example("p" * 999, 12, "l" * 999)
def test_buttons_stand_in_rows_of_five(prompt: str, count: int, label: str) -> None:
    buttons = tuple(
        Button(
            label=f"{number}{label}",
            address=Address(screen="s", verb="v", owner=2**62, arguments=(str(number), prompt)),
            style=("plain", "primary", "danger")[number % 3],  # pyright: ignore[reportArgumentType]
            enabled=number % 2 == 0,
        )
        for number in range(count)
    )
    rows = components_of(screen(buttons=buttons))
    assert [len(row) for row in rows] == [min(5, count - start) for start in range(0, count, 5)]
    flat = [button for row in rows for button in row]
    assert len({button["custom_id"] for button in flat}) == count
    for number, button in enumerate(flat):
        assert 0 < len(button["custom_id"]) <= 100
        assert Address.unpack(button["custom_id"]).arguments[0] == str(number)
        assert 0 < len(button["label"]) <= 80
        assert button["disabled"] is (number % 2 == 1)


@steady
@given(LONG, LONG, st.integers(1, 25))
@example("凛" * 999, "d" * 999, 25)
def test_a_menu_keeps_its_choices_short_and_apart(label: str, detail: str, count: int) -> None:
    choices = tuple(Choice(label=f"{n} {label}", value=f"value-{n}", detail=detail) for n in range(count))
    select = Select(prompt=label or "Open one", address=ADDRESS, choices=choices)
    ((menu,),) = components_of(screen(select=select))
    assert len(menu["custom_id"]) <= 100
    assert len(menu["placeholder"]) <= 150
    assert len({option["value"] for option in menu["options"]}) == count
    for option in menu["options"]:
        assert 0 < len(option["label"]) <= 100
        assert 0 < len(option["value"]) <= 100
        assert 0 < len(option.get("description", "-")) <= 100


def test_a_menu_stands_above_the_buttons() -> None:
    choice = Choice(label="one", value="1")
    rows = components_of(
        screen(
            select=Select(prompt="Open one", address=ADDRESS, choices=(choice,)),
            buttons=(Button(label="Next", address=ADDRESS),),
        )
    )
    assert [row[0]["type"] for row in rows] == [hikari.ComponentType.TEXT_SELECT_MENU, hikari.ComponentType.BUTTON]
    assert components_of(screen()) == []


def test_files_are_attached_and_a_face_stands_in_the_corner() -> None:
    face = File(name="face.png", content=b"\x89PNG", shown=True)
    listed = drawn(screen(files=(face, File(name="prompt.txt", content=b"hello"))))
    assert [file.filename for file in listed["attachments"]] == ["prompt.txt"]
    assert listed["embeds"][0].thumbnail.resource.filename == "face.png"
    assert drawn(screen(files=(face,)))["attachments"] is None
    assert (listed["content"], drawn(screen())["attachments"]) == (None, None)


def inputs_of(form: Form) -> Sequence[dict[str, Any]]:
    return [row.build()[0]["components"][0] for row in form_rows(form)]


@steady
@given(LONG, LONG)
def test_a_form_keeps_its_limits(label: str, placeholder: str) -> None:
    form = Form(
        title="Form", address=ADDRESS, inputs=(Input(name="a", label=f"x{label}", placeholder=placeholder, limit=4000),)
    )
    (field,) = inputs_of(form)
    assert 0 < len(field["label"]) <= 45
    assert 0 < len(field.get("placeholder", "-")) <= 100
    assert field["max_length"] <= 4000


def test_the_form_for_a_new_character_is_one_discord_takes() -> None:
    fields = inputs_of(CREATE)
    assert len(fields) <= 5
    assert len(CREATE.title) <= 45
    assert len({field["custom_id"] for field in fields}) == len(fields)
    assert [field["custom_id"] for field in fields if field["required"]] == ["name", "description"]
    assert {field["style"] for field in fields} == {hikari.TextInputStyle.SHORT, hikari.TextInputStyle.PARAGRAPH}
