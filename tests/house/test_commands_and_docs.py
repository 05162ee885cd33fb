"""What commands cost in lines, and whether their pages tell what there is."""

from __future__ import annotations

import pytest

from tools.report import clones, lines_per_command
from tools.write_docs import DOCS, PAGES, every_command
from tzurot.plugins.rights import GROUPS, RIGHTS

CEILING = 80  # lines for a subcommand; the aim is 60


def test_a_command_takes_few_lines() -> None:
    assert lines_per_command() <= CEILING


def test_plugins_repeat_nothing() -> None:
    assert clones("tzurot/plugins") == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_tells_what_is_declared(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_command_has_a_row_of_rights_and_every_group_a_description() -> None:
    words = [one.words for one in every_command()]
    assert sorted(words) == sorted(RIGHTS)
    parts = [one.words.split()[:-1] for one in every_command() if not one.on_message]
    assert {" ".join(p[: n + 1]) for p in parts for n in range(len(p))} == set(GROUPS)
