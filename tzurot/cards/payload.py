"""JSON that came from anywhere: read within bounds of size, depth and count, and written back without a loss."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, cast

import orjson

from tzurot.errors import Invalid

TEXT_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 100
MAX_ITEMS = 300_000
NAMES = {"card": "character card"}
LONG_NUMBER = re.compile(rb"\d{19}")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def parse(content: bytes, *, what: str = "card") -> dict[str, Any]:
    """The JSON object in these bytes (UTF-8); `what` names the thing in the sentences.

    Raises:
        Invalid: too large, not JSON, nested too deeply, of too many parts, or not an object.

    """
    if len(content) > TEXT_BYTES:
        raise Invalid(
            f"{what}.too_large",
            f"That {what} is {len(content) // 1024} KiB; up to {TEXT_BYTES // 1024} KiB of text are read.",
            "Export it again without embedded pictures or sounds.",
        )
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_ITEMS:
        raise Invalid(
            f"{what}.too_many_parts", f"That {what} has more than {MAX_ITEMS} parts.", "Export only what is needed."
        )
    parsed = _loads(content.removeprefix(BYTE_ORDER_MARK), what)
    if not isinstance(parsed, dict):
        name = NAMES.get(what, what)
        raise Invalid(f"{what}.not_object", f"That file is JSON, but not a {name}.", f"A {what} is one JSON object.")
    raw = cast("dict[str, Any]", parsed)
    if is_deep(raw):
        raise _too_deep(what)
    return raw


def _loads(content: bytes, what: str) -> object:
    try:
        parsed: object = orjson.loads(content)
        if LONG_NUMBER.search(content):  # orjson makes floats of whole numbers beyond 64 bits
            parsed = json.loads(content, parse_constant=_no_number)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg or "ecursion" in error.msg:
            raise _too_deep(what) from None
        raise Invalid(
            f"{what}.not_json",
            f"That file is not a JSON {what}: {error.msg} (line {error.lineno}).",
            "Export it as JSON from the program that made it and import that file.",
        ) from None
    except (ValueError, RecursionError):  # digits without end, or a depth that only one of the two readers bears
        raise _too_deep(what) from None
    return parsed


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _too_deep(what: str) -> Invalid:
    return Invalid(
        f"{what}.too_deep",
        f"That {what} is nested more than {MAX_DEPTH} levels deep.",
        "Export it again from the program that made it.",
    )


def is_deep(value: object, limit: int = MAX_DEPTH) -> bool:
    """Whether objects and lists stand in each other more than `limit` levels deep."""
    level = [value]
    for _ in range(limit + 1):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += cast("dict[str, object]", each).values()
            elif isinstance(each, list):
                inner += cast("list[object]", each)
        if not inner:
            return False
        level = inner
    return True


def dump(value: object, *, pretty: bool = False) -> bytes:
    """Compact or readable JSON, in the order of the object's keys; whole numbers of any length stay whole."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None)
    except TypeError:
        if pretty:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
        else:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()


def mapping(value: object) -> dict[str, Any]:
    """The value itself where it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """The value itself where it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []
