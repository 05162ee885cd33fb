"""Writes docs/commands.md and docs/settings.md from what is declared; a test holds them to it.

python -m tools.write_docs
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tzurot.discord.commands import declared_in
from tzurot.plugins.rights import GROUPS, RIGHTS
from tzurot.settings.catalog import ALL
from tzurot.settings.setting import LABELS
from tzurot.wiring import PLUGINS

if TYPE_CHECKING:
    from tzurot.discord.commands import Declared

DOCS = Path(__file__).resolve().parent.parent / "docs"
WRITTEN = "Written by `make docs` from the code; change it there.\n"


def every_command() -> list[Declared]:
    return sorted((declared for plugin in PLUGINS for declared, _ in declared_in(plugin)), key=lambda d: d.words)


def commands_page() -> str:
    declared = every_command()
    slash = [one for one in declared if not one.on_message]
    lines = ["# Commands", "", WRITTEN, "What only some may run says whom it is for; what belongs to somebody"]
    lines += ["(a character, a preset, a persona) is changed by whoever made it, or by the bot's owner.", ""]
    for group, members in groupby(slash, key=lambda one: one.words.split()[0]):
        lines += [f"## /{group}", ""]
        if group in GROUPS:
            lines += [f"{GROUPS[group]}.", ""]
        lines += ["| command | what it does | options | for |", "| --- | --- | --- | --- |"]
        lines += [f"| `/{one.words}` | {one.description} | {_options(one)} | {_whom(one.words)} |" for one in members]
        lines.append("")
    lines += ["## In the menu of a message", "", "| entry | for |", "| --- | --- |"]
    lines += [f"| {one.words} | {_whom(one.words)} |" for one in declared if one.on_message]
    return "\n".join(lines) + "\n"


def _options(declared: Declared) -> str:
    names = (key.replace("_", "-") for key in declared.options)
    return "; ".join(
        f"`{name}`{'' if option.required else ' (optional)'}: {option.description}"
        for name, option in zip(names, declared.options.values(), strict=True)
    )


def _whom(words: str) -> str:
    need = RIGHTS[words]
    return need.value if need is not None else "anybody"


def settings_page() -> str:
    lines = ["# Settings", "", WRITTEN]
    lines += ["A value that is set in several places holds where it is set highest, in this order from low to high:"]
    lines += [", ".join(LABELS.values()) + ". A thread's own value goes before its channel's.", ""]
    listed = sorted((one for one in ALL if one.listed), key=lambda one: one.section)
    for section, members in groupby(listed, key=lambda one: one.section):
        lines += [f"## {section}", "", "| setting | what it does | possible | default | set for |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {one.label} | {one.help} | {one.kind.bounds} | {one.shown(one.default)}"
            f" | {', '.join(LABELS[tier] for tier in one.tiers)} |"
            for one in members
        ]
        lines.append("")
    return "\n".join(lines)


PAGES = {"commands.md": commands_page, "settings.md": settings_page}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
