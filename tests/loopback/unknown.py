"""Keys that no schema knows: Discord's file leaves its objects open, so a typo would pass unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]


class Schemas(Protocol):
    """Follows references and judges an instance."""

    def resolve(self, schema: Schema) -> Schema: ...

    def fits(self, instance: Any, schema: Schema) -> bool: ...


def unknown_keys(schemas: Schemas, instance: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """The paths of keys that none of the fitting schemas mentions."""
    if not isinstance(instance, (dict, list)):
        return
    candidates = _fitting(schemas, instance, schema)
    if isinstance(instance, list):
        for place, item in enumerate(instance):
            of_items = [one["items"] for one in candidates if "items" in one]
            if of_items:
                yield from unknown_keys(schemas, item, _any_of(of_items), _join(path, str(place)))
        return
    if any(_is_open(one) for one in candidates) or not candidates:
        return
    for key, value in instance.items():
        under = [found for one in candidates if (found := _schema_of(one, key)) is not None]
        if not under:
            yield _join(path, key)
        else:
            yield from unknown_keys(schemas, value, _any_of(under), _join(path, key))


def _fitting(schemas: Schemas, instance: Any, schema: Schema) -> list[Schema]:
    """Every plain object or array schema that speaks about this instance."""
    schema = schemas.resolve(schema)
    found: list[Schema] = []
    if "properties" in schema or "items" in schema or "additionalProperties" in schema:
        found.append(schema)
    for part in schema.get("allOf", ()):
        found += _fitting(schemas, instance, part)
    for word in ("oneOf", "anyOf"):
        branches = [one for one in schema.get(word, ()) if _could_be(schemas, instance, one)]
        if len(branches) > 1:
            fitting = [one for one in branches if schemas.fits(instance, one)]
            branches = fitting or branches
        for branch in branches:
            found += _fitting(schemas, instance, branch)
    return found


def _could_be(schemas: Schemas, instance: Any, schema: Schema) -> bool:
    """A cheap first look: the kind of value, and the `type` number that tells components apart."""
    schema = schemas.resolve(schema)
    kinds = schema.get("type")
    wanted = "object" if isinstance(instance, dict) else "array"
    if kinds is not None and wanted not in ([kinds] if isinstance(kinds, str) else kinds):
        return False
    if isinstance(instance, dict) and "type" in instance:
        numbers = schema.get("properties", {}).get("type", {}).get("enum")
        return numbers is None or instance["type"] in numbers
    return True


def _schema_of(schema: Schema, key: str) -> Schema | None:
    if key in schema.get("properties", {}):
        return dict(schema["properties"][key])
    more = schema.get("additionalProperties")
    return dict(more) if isinstance(more, dict) else None


def _is_open(schema: Schema) -> bool:
    return schema.get("additionalProperties") is True


def _any_of(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _join(path: str, part: str) -> str:
    return f"{path}/{part}" if path else part
