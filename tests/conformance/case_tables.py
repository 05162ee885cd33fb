"""Where the case tables are, and what they hold."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
DIVERGENCES = _ROOT / "docs" / "divergences.md"


def shared_fixtures() -> Path | None:
    """Those of TZUROT_SHARED, else of the nearest `shared/` upwards from the project's root."""
    named = os.environ.get("TZUROT_SHARED")  # noqa: TID251 -- config.py is not asked about test data
    roots = [Path(named)] if named else [folder / "shared" for folder in (_ROOT, *_ROOT.parents)]
    return next((root / "data" / "fixtures" for root in roots if (root / "data" / "fixtures").is_dir()), None)


def shared_fixtures_are_owed() -> bool:
    return bool(os.environ.get("CI"))  # noqa: TID251


def read_table(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def cases(directory: Path, table: str) -> list[dict[str, Any]]:
    """The cases of a table, each with an id and the directory that files are named from; none where there is none.

    A table is `NAME.jsonl` with a case a line, `NAME.json` with rows or cases by name, or `NAME/expected.json`.
    """
    lines, whole, folder = directory / f"{table}.jsonl", directory / f"{table}.json", directory / table
    found: list[dict[str, Any]] = []
    if lines.is_file():
        found = read_table(lines)
    elif whole.is_file():
        content = json.loads(whole.read_text(encoding="utf-8"))
        rows = content.get("rows")
        found = [{"id": f"row-{n}", **row} for n, row in enumerate(rows)] if rows else _named(content)
    elif (folder / "expected.json").is_file():
        found = _named(json.loads((folder / "expected.json").read_text(encoding="utf-8")))
    return [{**case, "directory": directory} for case in found]


def _named(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": name, **case} for name, case in content.items()]


def divergences() -> dict[str, str]:
    """What is decided otherwise on purpose, by `table/id`, with its reason."""
    listed = re.findall(r"^\| `([a-z0-9_]+/[^`]+)` \| (.+) \|$", DIVERGENCES.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(listed)
