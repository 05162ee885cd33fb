"""Files that other programs wrote: read, written and read again they are the same, and broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_checks import foreign, round_trip
from case_tables import shared_fixtures

from tzurot.cards.payload import dump
from tzurot.cards.read import read_card
from tzurot.cards.write import export
from tzurot.errors import Invalid
from tzurot.lore.files import read_lorebook, to_card_book, to_world

CARDS = ("*/cards/*", "*/default_*.png", "*/rika_*.png")
BOOKS = ("*/lorebooks/*", "*/Eldoria.json")
BROKEN = ("invalid",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("--cases", default=None)
    directory = Path(named) if named else shared_fixtures()
    for name, patterns in (("card", CARDS), ("lorebook", BOOKS)):
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
