"""Prints how much code a command takes, and what was written twice.

python -m tools.report
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.write_docs import every_command

ROOT = Path(__file__).resolve().parent.parent
COUNTED = (
    *sorted((ROOT / "tzurot/plugins").rglob("*.py")),
    *sorted((ROOT / "tzurot/ui").rglob("*.py")),
    *(ROOT / f"tzurot/discord/{name}.py" for name in ("components", "render", "options", "commands")),
)
SAME_LINES = 6


def lines_of_code(path: Path) -> int:
    """Lines that are neither blank nor a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in path.read_text().splitlines())


def lines_per_command() -> float:
    return sum(map(lines_of_code, COUNTED)) / len(every_command())


def clones(folder: str) -> list[str]:
    """Runs of six or more like lines in two places, imports, signatures, comments and docstrings aside."""
    found = subprocess.run(  # noqa: S603 - our own arguments
        [
            sys.executable, "-m", "pylint", "--disable=all", "--enable=duplicate-code",
            f"--min-similarity-lines={SAME_LINES}", "--persistent=n", "--score=n", folder,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    return re.findall(r"^==(\S+)", found, re.MULTILINE)


def main() -> None:
    commands = every_command()
    total = sum(map(lines_of_code, COUNTED))
    sys.stdout.write(f"{total} lines for {len(commands)} commands: {total / len(commands):.1f} lines each\n")
    for path in COUNTED:
        sys.stdout.write(f"  {lines_of_code(path):5} {path.relative_to(ROOT)}\n")
    for folder in ("tzurot/plugins", "tzurot/ui", "tzurot/discord"):
        places = clones(folder)
        sys.stdout.write(f"{len(places) // 2} clones in {folder} {' '.join(places)}\n")


if __name__ == "__main__":
    main()
