"""Files that other programs wrote: read, written and read again they are the same, and broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_checks import foreign, round_trip
from case_tables import shared_fixtures

from tzurot.cards.payload import dump, parse
from tzurot.cards.read import read_card
from tzurot.cards.write import export
from tzurot.errors import Invalid
from tzurot.lore.files import read_lorebook, to_card_book, to_world
from tzurot.prompt.instruct import context_object, instruct_object, read_context, read_instruct, story
from tzurot.prompt.macros import expand
from tzurot.prompt.presets import read_preset

CARDS = ("*/cards/*", "*/default_*.png", "*/rika_*.png")
BOOKS = ("*/lorebooks/*", "*/Eldoria.json")
TEMPLATES = ("*/instruct/*", "*/context/*")
PRESETS = ("*/presets/*", "*/openai_*_preset.json")
BROKEN = ("invalid",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("--cases", default=None)
    directory = Path(named) if named else shared_fixtures()
    for name, patterns in (("card", CARDS), ("lorebook", BOOKS), ("template", TEMPLATES), ("preset", PRESETS)):
        if name in metafunc.fixturenames:
            found = sorted(path for pattern in patterns for path in directory.glob(pattern)) if directory else []
            metafunc.parametrize(name, found or [None], ids=[path.name for path in found] or ["none"])


def test_a_real_card_comes_back_as_it_was(card: Path | None) -> None:
    if card is None:
        pytest.skip("there are no real cards in the directory of cases")
    content = card.read_bytes()
    if card.stem.startswith(BROKEN):
        with pytest.raises(Invalid):
            read_card(content)
        return
    reading = read_card(content)
    assert reading.card.raw["spec" if reading.version != "V1" else "name"]
    round_trip(reading)
    if reading.container == "png":
        assert foreign(export(reading.card, "png", files=reading.files).content) == foreign(content)


def test_a_real_lorebook_comes_back_as_it_was(lorebook: Path | None) -> None:
    if lorebook is None:
        pytest.skip("there are no real lorebooks in the directory of cases")
    if lorebook.stem.startswith(BROKEN):
        with pytest.raises(Invalid):
            read_lorebook(lorebook.read_bytes())
        return
    reading = read_lorebook(lorebook.read_bytes(), lorebook.stem)
    book = reading.book
    assert len(book.entries) == len(book.raw["entries"])
    for written in (to_world(book), to_card_book(book)):
        assert read_lorebook(dump(written)).book == book
    for uid, raw in book.raw["entries"].items():
        written = to_world(book)["entries"][uid]
        assert {key: written[key] for key in raw if key != "uid"} == {k: v for k, v in raw.items() if k != "uid"}


def test_a_real_template_comes_back_as_it_was(template: Path | None) -> None:
    if template is None:
        pytest.skip("there are no real templates in the directory of cases")
    raw = parse(template.read_bytes(), what="template")
    written = context_object(read_context(raw)) if "story_string" in raw else instruct_object(read_instruct(raw))
    assert {key: written[key] for key in raw} == raw
    if "story_string" in raw:
        values = {"system": "S", "description": "D {{user}}", "char": "Maren", "wiBefore": ""}
        told = story(read_context(raw), values, lambda text: expand(text, char="Maren", user="Ida"))
        assert "D {{user}}" in told
        assert "{{#if" not in told
        assert "{{/if" not in told


def test_a_real_preset_is_read_in_its_order(preset: Path | None) -> None:
    if preset is None:
        pytest.skip("there are no real presets in the directory of cases")
    if preset.stem.startswith(BROKEN):
        with pytest.raises(Invalid):
            read_preset(preset.read_bytes())
        return
    read = read_preset(preset.read_bytes(), preset.stem)
    assert read.samplers or read.prompts
    orders = {each["character_id"]: each["order"] for each in read.raw.get("prompt_order", ())}
    for step, prompt in zip(orders.get(100001, ()), read.prompts, strict=False):
        assert (prompt.identifier, prompt.enabled) == (step["identifier"], step["enabled"])
        assert not prompt.is_marker or not prompt.content
