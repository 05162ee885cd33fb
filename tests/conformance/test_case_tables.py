"""Every case of every table that the product has code for: `pytest tests/conformance --cases DIR`."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_checks import CARD_CHECKS
from case_checks import CHECKS, Case
from case_tables import cases, divergences, shared_fixtures, shared_fixtures_are_owed
from lore_checks import LORE_CHECKS
from prompt_checks import PROMPT_CHECKS

ALL_CHECKS = {**CHECKS, **CARD_CHECKS, **LORE_CHECKS, **PROMPT_CHECKS}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("--cases", default=None)
    directory = Path(named) if named else shared_fixtures()
    params: list[object] = []
    for table in ALL_CHECKS:
        found = cases(directory, table) if directory else []
        params += (pytest.param(table, case, id=f"{table}/{case['id']}") for case in found)
        if not found:
            params.append(pytest.param(table, None, id=table))
    metafunc.parametrize(("table", "case"), params)


def test_case(table: str, case: Case | None, pytestconfig: pytest.Config) -> None:
    if case is None:
        if shared_fixtures_are_owed() and not pytestconfig.getoption("--cases", default=None):
            assert shared_fixtures() is not None, "CI must have the shared fixtures"
        pytest.skip(f"there is no table {table} in the directory of cases")
    reason = divergences().get(f"{table}/{case['id']}")
    if reason is None:
        ALL_CHECKS[table](case)
        return
    assert case.get("quirk") or case.get("contested") or case.get("level") == "contested", "only those may diverge"
    with pytest.raises(AssertionError):  # a divergence that is none any more has to leave the list
        ALL_CHECKS[table](case)
