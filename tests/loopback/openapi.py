"""Discord's own description of its HTTP API, held against everything that passes in both directions."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.loopback.unknown import unknown_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema.exceptions import ValidationError

URI = "urn:discord"
FILE = "discord-openapi.json"

# What the file refuses and Discord takes: (where, what is complained of, why it is let through).
LET_THROUGH = (
    (r"(^|/)nsfw$", r"unknown key", "documented for commands, missing in the file"),
    (r"message_reference/type$", r"^0 was expected", "forwards (1) are documented, missing in the file"),
)


def eased(body: Any) -> Any:
    """The body with the one difference evened out that hides in unions: Discord also takes the number of an
    uploaded file (`attachments[].id`) as an integer, the file wants a string.
    """
    if not isinstance(body, dict):
        return body
    body = {key: eased(value) if key == "data" else value for key, value in body.items()}
    if isinstance(body.get("attachments"), list):
        body["attachments"] = [
            {**one, "id": str(one["id"])} if isinstance(one, dict) and isinstance(one.get("id"), int) else one
            for one in body["attachments"]
        ]
    return body


def eased_answer(body: Any) -> Any:
    """An error with the reasons' codes taken out: Discord names them in words, the file wants numbers."""
    if isinstance(body, dict) and isinstance(body.get("errors"), dict):
        return {**body, "errors": _with_numbers(body["errors"])}
    return body


def _with_numbers(errors: Any) -> Any:
    if isinstance(errors, list):
        return [{**one, "code": 0} for one in errors]
    return {key: _with_numbers(value) for key, value in errors.items()}


def find_spec() -> Path | None:
    """TZUROT_SHARED, else the nearest `shared` upwards from the project's root."""
    named = os.environ.get("TZUROT_SHARED")  # noqa: TID251  -- tests read where their data is
    root = Path(__file__).resolve().parents[2]
    folders = [Path(named)] if named else [folder / "shared" for folder in (root, *root.parents)]
    for folder in folders:
        if folder.is_dir():
            file = folder / "data" / FILE
            return file if file.is_file() else None
    return None


@dataclass(frozen=True)
class Operation:
    """One method on one path, with where its parts stand in the file."""

    id: str
    method: str
    template: str
    pattern: re.Pattern[str]
    query: dict[str, Any]
    spec: dict[str, Any]
    pointer: str
    arguments: dict[str, str] = field(default_factory=dict)

    def request_schema(self, content_type: str) -> str | None:
        content = self.spec.get("requestBody", {}).get("content", {})
        if content_type not in content:
            return None
        return f"{self.pointer}/requestBody/content/{content_type.replace('/', '~1')}/schema"

    def response_schema(self, status: int) -> str | None:
        """The schema of an answer with this status; None where the file promises no body."""
        responses = self.spec["responses"]
        key = str(status) if str(status) in responses else f"{status // 100}XX"
        answer = responses.get(key, {})
        if "$ref" in answer:
            return f"{answer['$ref'].removeprefix('#')}/content/application~1json/schema"
        if "application/json" in answer.get("content", {}):
            return f"{self.pointer}/responses/{key}/content/application~1json/schema"
        return None


class Spec:
    """Finds the operation of a request and says what is wrong with a body."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource: Resource[Any] = Resource(contents=document, specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(URI, resource)
        self._operations = sorted(_operations(document), key=lambda one: (one.template.count("{"), -len(one.template)))
        self._validators: dict[str, Draft202012Validator] = {}

    def operation(self, method: str, path: str) -> Operation | None:
        for one in self._operations:
            if one.method == method and one.pattern.fullmatch(path):
                return one
        return None

    def query_faults(self, operation: Operation, query: Mapping[str, str]) -> list[str]:
        faults: list[str] = []
        for name, text in query.items():
            if name not in operation.query:
                faults.append(f"query {name!r}: unknown")
                continue
            schema = operation.query[name]
            value = _typed(text, self.resolve(schema))
            faults += [f"query {name!r}: {sentence}" for sentence in self._faults_of(value, schema)]
        return faults

    def faults(self, instance: Any, pointer: str) -> list[str]:
        """What this body has against the schema at this place of the file, unknown keys included."""
        validator = self._validators.get(pointer)
        if validator is None:
            validator = Draft202012Validator({"$ref": f"{URI}#{pointer}"}, registry=self._registry)
            self._validators[pointer] = validator
        found = [_told(error) for error in validator.iter_errors(instance)]
        schema = {"$ref": f"#{pointer}"}
        found += [(path, "unknown key") for path in unknown_keys(self, instance, schema)]
        return [f"{path or '(body)'}: {sentence}" for path, sentence in found if not _let_through(path, sentence)]

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself, with a reference followed."""
        while "$ref" in schema:
            schema = self._at(schema["$ref"].split("#", 1)[1])
        return schema

    def fits(self, instance: Any, schema: dict[str, Any]) -> bool:
        return not self._faults_of(instance, schema)

    def _faults_of(self, instance: Any, schema: dict[str, Any]) -> list[str]:
        named = {**schema, "$id": URI + ":inline"} if "$ref" not in schema else schema
        pinned = _absolute(named)
        return [e.message[:200] for e in Draft202012Validator(pinned, registry=self._registry).iter_errors(instance)]

    @cache  # noqa: B019  -- one spec lives as long as the process
    def _at(self, pointer: str) -> dict[str, Any]:
        here: Any = self.document
        for part in pointer.strip("/").split("/"):
            here = here[part.replace("~1", "/").replace("~0", "~")]
        return dict(here)


@cache
def load_spec() -> Spec | None:
    file = find_spec()
    return Spec(json.loads(file.read_text("utf-8"))) if file else None


def _operations(document: dict[str, Any]) -> list[Operation]:
    found: list[Operation] = []
    for template, item in document["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", r"[^/]+", template))
        for method in ("get", "post", "put", "patch", "delete"):
            if method not in item:
                continue
            parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
            query = {one["name"]: one.get("schema", {}) for one in parameters if one["in"] == "query"}
            pointer = f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}"
            name = item[method]["operationId"]
            found.append(Operation(name, method.upper(), template, pattern, query, item[method], pointer))
    return found


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """A query value as the type that its schema asks for."""
    kinds = schema.get("type", "string")
    if "boolean" in kinds and text in {"true", "false", "True", "False", "0", "1"}:
        return text in {"true", "True", "1"}
    if "integer" in kinds and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text


def _told(error: ValidationError) -> tuple[str, str]:
    """The deepest useful sentence of a validation error, and where it is."""
    while error.context:
        error = _nearest(error)
    sentence = str(error.message)
    if len(sentence) > 300:
        sentence = f"{sentence[:100]} [...] {sentence[-150:]}"
    return "/".join(str(part) for part in error.absolute_path), sentence


def _nearest(error: ValidationError) -> ValidationError:
    """The complaint of the branch that was probably meant: its `type` is right and little else is wrong."""
    branches: dict[int, list[ValidationError]] = {}
    for one in error.context or ():
        branches.setdefault(int(one.schema_path[0]), []).append(one)

    def distance(found: list[ValidationError]) -> tuple[bool, bool, int]:
        other_kind = any(
            list(one.path) in ([], ["type"]) and one.validator in {"enum", "const", "type"} for one in found
        )
        incomplete = any(one.validator == "required" and not one.path for one in found)
        return other_kind, incomplete, len(found)

    return max(min(branches.values(), key=distance), key=lambda one: len(one.absolute_path))


def _let_through(path: str, sentence: str) -> bool:
    return any(re.search(where, path) and re.search(what, sentence) for where, what, _why in LET_THROUGH)


def _absolute(schema: Any) -> Any:
    """The same schema with references that stand on their own."""
    if isinstance(schema, dict):
        return {
            key: URI + value if key == "$ref" and str(value).startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_absolute(one) for one in schema]
    return schema
