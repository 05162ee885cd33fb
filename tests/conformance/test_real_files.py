"""Files that other programs wrote: read, written and read again they are the same, and broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_checks import foreign, round_trip
from case_tables import shared_fixtures

from tzurot.cards.read import read_card
from tzurot.cards.write import export
from tzurot.errors import Invalid

CARDS = ("*/cards/*", "*/default_*.png", "*/rika_*.png")
BROKEN = ("invalid",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("--cases", default=None)
    directory = Path(named) if named else shared_fixtures()
    if "card" in metafunc.fixturenames:
        found = sorted(path for pattern in CARDS for path in directory.glob(pattern)) if directory else []
        metafunc.parametrize("card", found or [None], ids=[path.name for path in found] or ["none"])


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
