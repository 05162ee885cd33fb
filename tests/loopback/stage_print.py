"""What a person sees of the loopback Discord, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.loopback import components
from tests.loopback.model import EPHEMERAL, LOADING

if TYPE_CHECKING:
    from tests.loopback.model import Channel, Json

STYLES = {1: "blue", 2: "grey", 3: "green", 4: "red", 5: "link", 6: "premium"}


def message(number: int, channel: Channel, body: Json, note: str = "") -> str:
    """A message with its number, everything readable in it, and its components numbered."""
    marks = [note] if note else []
    if body["flags"] & EPHEMERAL:
        marks.append("only you see this")
    if body["flags"] & LOADING:
        marks.append("thinking …")
    author = body["author"].get("global_name") or body["author"]["username"]
    head = f"[{number}] #{channel.name} {author}" + (f" ({', '.join(marks)})" if marks else "")
    lines: list[str] = []
    quoted = body.get("referenced_message")
    if quoted:
        lines.append(f"> {quoted['author']['username']}: {_short(quoted['content'])}")
    if body["content"]:
        lines += body["content"].splitlines()
    for snapshot in body.get("message_snapshots", ()):
        lines += ["forwarded:", *(f"> {line}" for line in snapshot["message"]["content"].splitlines())]
    for embed in body["embeds"]:
        lines += _embed(embed)
    for file in body["attachments"]:
        lines.append(f"file {file['filename']} ({file['size']} bytes) {file['url']}")
    lines += tree(body["components"])
    return "\n".join([head + ":", *(f"    {line}" for line in lines)])


def _embed(embed: Json) -> list[str]:
    lines = [f"┌ {embed['author']['name']}"] if "author" in embed else []
    if "title" in embed:
        lines.append(f"┌ {embed['title']}")
    lines += [f"│ {line}" for line in embed.get("description", "").splitlines()]
    for field in embed.get("fields", ()):
        words = field["value"].splitlines() or [""]
        lines += [f"│ {field['name']}: {words[0]}", *(f"│   {line}" for line in words[1:])]
    for picture in ("image", "thumbnail"):
        if picture in embed:
            lines.append(f"│ {picture} {embed[picture]['url']}")
    if "footer" in embed:
        lines.append(f"└ {embed['footer']['text']}")
    return lines


def tree(given: list[Json], depth: int = 0) -> list[str]:
    """Components with the numbers by which they are pressed and picked."""
    numbers = {id(one): place for place, one in enumerate(components.interactive(given), 1)}
    return _tree(given, numbers, "  " * depth)


def _tree(given: list[Json], numbers: dict[int, int], indent: str) -> list[str]:
    lines: list[str] = []
    for one in given:
        kind = one["type"]
        if kind == components.ROW and all(child["type"] == components.BUTTON for child in one["components"]):
            lines.append(indent + " ".join(_button(child, numbers) for child in one["components"]))
            continue
        lines += [indent + line for line in _words(one, numbers)]
        nested = [*one.get("components", ()), *(one[key] for key in ("accessory", "component") if one.get(key))]
        lines += _tree(nested, numbers, indent + ("  " if kind != components.ROW else ""))
    return lines


def _words(one: Json, numbers: dict[int, int]) -> list[str]:  # noqa: PLR0911
    kind = one["type"]
    if kind == components.BUTTON:
        return [_button(one, numbers)]
    if kind == components.TEXT:
        return str(one["content"]).splitlines()
    if kind == components.CONTAINER:
        return ["▌"]
    if kind == components.SEPARATOR:
        return ["────"]
    if kind in components.SELECTS:
        offered = [f"{option['label']} = {option['value']}" for option in one.get("options", ())]
        return [f"({numbers[id(one)]}) pick: {one.get('placeholder', '')}", *(f"      {line}" for line in offered)]
    if kind == components.TEXT_INPUT:
        value = f" [{one['value']}]" if one.get("value") else ""
        return [f"field {one['custom_id']}: {one.get('label') or ''}{value}"]
    if kind == components.LABEL:
        return [one.get("label", "")]
    if kind == components.GALLERY:
        return [f"picture {item['media']['url']}" for item in one["items"]]
    if kind in {components.THUMBNAIL, components.FILE}:
        return [f"picture {(one.get('media') or one['file'])['url']}"]
    return []


def _button(button: Json, numbers: dict[int, int]) -> str:
    face = " ".join(part for part in ((button.get("emoji") or {}).get("name"), button.get("label")) if part)
    if id(button) not in numbers:
        return f"<{face} -> {button.get('url', '')}>"
    off = ", off" if button.get("disabled") else ""
    return f"({numbers[id(button)]}) <{face}{off}>"


def form(modal: Json) -> str:
    """An open form, and how to fill it."""
    lines = [f"A form opened: {modal['title']}", *tree(modal["components"], 1)]
    fields = [one["custom_id"] for one in components.interactive(modal["components"])]
    return "\n".join([*lines, f"  fill it: /fill {' '.join(f'{name}=...' for name in fields)}"])


def _short(text: str, limit: int = 70) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
