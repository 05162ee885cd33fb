"""Where the case tables are, and what they hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]


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
