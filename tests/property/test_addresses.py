"""A button's address holds a screen's whole state in a hundred characters, whoever sends it back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tzurot.errors import Invalid
from tzurot.ui.screen import ADDRESS_LIMIT, SEPARATOR, Address

steady = settings(
    derandomize=True, deadline=None, database=None, max_examples=300, suppress_health_check=list(HealthCheck)
)
KEY = st.text("abcdefghij-", min_size=1, max_size=20)
OWNER = st.integers(0, 2**63 - 1)
PLAIN = st.text(st.characters(blacklist_characters=SEPARATOR, blacklist_categories=("Cs",)), max_size=12)
ARGUMENTS = st.lists(PLAIN, max_size=3).filter(lambda given: given != [""]).map(tuple)


@steady
@given(KEY, KEY, OWNER, ARGUMENTS)
@example("browse", "page", 2**63 - 1, ("0", ""))
@example("x", "y", 0, ("", "", ""))
def test_what_fits_comes_back_as_it_was(screen: str, verb: str, owner: int, arguments: tuple[str, ...]) -> None:
    address = Address(screen=screen, verb=verb, owner=owner, arguments=arguments)
    packed = address.pack()
    assert len(packed) <= ADDRESS_LIMIT
    if len(SEPARATOR.join((screen, verb, f"{owner:x}", *arguments))) <= ADDRESS_LIMIT:
        assert Address.unpack(packed) == address


@steady
@given(
    KEY, KEY, OWNER, st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=300), max_size=4).map(tuple)
)
def test_an_address_is_never_too_long_for_discord(
    screen: str, verb: str, owner: int, arguments: tuple[str, ...]
) -> None:
    packed = Address(screen=screen, verb=verb, owner=owner, arguments=arguments).pack()
    assert 0 < len(packed) <= ADDRESS_LIMIT
    back = Address.unpack(packed)
    assert (back.screen, back.verb, back.owner) == (screen, verb, owner)


@steady
@given(st.text(max_size=120) | st.text("|-+x0aF_ ", max_size=20))
@example("")
@example("a|b|")
@example("a|b|zz|c")
@example("a|b|" + "f" * 5000)
def test_what_somebody_made_up_is_an_address_or_stale(packed: str) -> None:
    refusal = ""
    try:
        address = Address.unpack(packed)
        assert isinstance(address.owner, int)
        assert not any(SEPARATOR in argument for argument in address.arguments)
    except Invalid as stale:
        refusal = stale.code
    assert refusal in {"", "screen.stale"}


def test_a_long_search_is_cut_at_its_end_and_its_bars_become_spaces() -> None:
    address = Address(screen="browse", verb="page", owner=255, arguments=("3", "a|b " + "q" * 200))
    back = Address.unpack(address.pack())
    assert back.arguments == ("3", ("a b " + "q" * 200)[: ADDRESS_LIMIT - len("browse|page|ff|3|")])


@pytest.mark.parametrize("owner", [0, 1, 255, 2**64 - 1])
def test_the_owner_is_packed_short(owner: int) -> None:
    packed = Address(screen="s", verb="v", owner=owner).pack()
    assert len(packed) <= len("s|v|") + 16
    assert Address.unpack(packed).owner == owner
