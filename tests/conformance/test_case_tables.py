"""Every case of every table that the product has code for: `pytest tests/conformance --cases DIR`."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_checks import CHECKS, Case
from case_tables import read_table, shared_fixtures, shared_fixtures_are_owed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("--cases", default=None)
    directory = Path(named) if named else shared_fixtures()
    params: list[object] = []
    for table in CHECKS:
        path = directory / f"{table}.jsonl" if directory else None
        if path is not None and path.is_file():
            params += (pytest.param(table, case, id=case["id"]) for case in read_table(path))
        else:
            params.append(pytest.param(table, None, id=table))
    metafunc.parametrize(("table", "case"), params)


def test_case(table: str, case: Case | None, pytestconfig: pytest.Config) -> None:
    if case is None:
        if shared_fixtures_are_owed() and not pytestconfig.getoption("--cases", default=None):
            assert shared_fixtures() is not None, "CI must have the shared fixtures"
        pytest.skip(f"there is no {table}.jsonl in the directory of cases")
    CHECKS[table](case)
