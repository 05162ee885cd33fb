"""The account of what passed: requests and answers held against Discord's file, and the rules beyond it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from tests.loopback.openapi import FILE, Operation, eased, eased_answer, load_spec
from tests.loopback.refusals import Refusal
from tests.loopback.routing import NO_CONTENT, Answer, Call

if TYPE_CHECKING:
    from tests.loopback.model import Json
    from tests.loopback.openapi import Spec

MESSAGE = "/components/schemas/MessageResponse"
WITHOUT_BODY = {"", "application/octet-stream"}


class Honesty:
    """`violations` are the bot's, `own_violations` the loopback's."""

    def __init__(self, *, validate: bool) -> None:
        self.spec: Spec | None = load_spec() if validate else None
        self._why_not = "" if self.spec else (f"{FILE} was not found" if validate else "validation was switched off")
        self.requests = 0
        self.responses = 0
        self.events = 0
        self.violations: list[str] = []
        self.own_violations: list[str] = []

    def request(self, call: Call, content_type: str, broken: str) -> Answer | None:
        """Judge a request; an answer comes back where Discord would refuse it for its form."""
        if self.spec is None:
            return None
        self.requests += 1
        operation = self.spec.operation(call.method, call.path)
        if operation is None:
            self._violated(call, "no such operation in Discord's API")
            return Answer({"message": "404: Not Found", "code": 0}, 404)
        faults = self.spec.query_faults(operation, call.query)
        if broken:
            faults.append(broken)
        faults += self._body_faults(operation, call.body, content_type)
        for fault in faults:
            self._violated(call, fault)
        if any(not fault.endswith("unknown key") and not fault.startswith("query") for fault in faults):
            errors = {"_errors": [{"code": "BASE_TYPE_INVALID", "message": "; ".join(faults)[:500]}]}
            return Answer(Refusal(50035, errors=errors).body, 400)
        return None

    def _body_faults(self, operation: Operation, body: Any, content_type: str) -> list[str]:
        if self.spec is None:
            return []
        if body is None:
            wanted = operation.spec.get("requestBody", {}).get("required")
            return ["a body is required"] if wanted else []
        schema = operation.request_schema(content_type)
        if schema is None:
            if "requestBody" not in operation.spec:
                return ["a body where none belongs"]
            return [f"content type {content_type!r} is not accepted"]
        return self.spec.faults(eased(body), schema)

    def response(self, call: Call, answer: Answer) -> None:
        """Judge an answer of the loopback itself."""
        if self.spec is None:
            return
        operation = self.spec.operation(call.method, call.path)
        if operation is None:
            return
        self.responses += 1
        schema = operation.response_schema(answer.status)
        if answer.status == NO_CONTENT:
            if str(NO_CONTENT) not in operation.spec["responses"]:
                self._own(call, "answered 204 where a body is promised")
        elif schema is None:
            self._own(call, f"status {answer.status} is not among the answers")
        else:
            for fault in self.spec.faults(eased_answer(answer.body), schema):
                self._own(call, f"answer {answer.status}: {fault}")

    def event_message(self, message: Json) -> None:
        """Judge the message in a gateway event by the schema of the API's message."""
        if self.spec is None:
            return
        self.events += 1
        for fault in self.spec.faults(message, MESSAGE):
            self.own_violations.append(f"MESSAGE_CREATE {message['id']}: {fault}")

    def malformed(self, call: Call, refusal: Refusal) -> None:
        self._violated(call, f"{refusal}: {refusal.errors or ''}")

    def unanswered(self, call: Call) -> None:
        self._own(call, "the loopback does not implement this operation")

    def broke(self, call: Call, error: Exception) -> None:
        where = traceback.format_exception(error)[-2:]
        self._own(call, f"the loopback broke: {''.join(where)}")

    def _violated(self, call: Call, fault: str) -> None:
        self.violations.append(f"{call.method} {call.path}: {fault}")

    def _own(self, call: Call, fault: str) -> None:
        self.own_violations.append(f"{call.method} {call.path}: {fault}")

    def report(self) -> str:
        count = len(self.violations) + len(self.own_violations)
        if self.spec is None:
            return f"validated nothing: {self._why_not} ({count} violations of other rules)"
        passed = f"{self.requests} requests, {self.responses} responses, {self.events} events"
        return f"validated {passed}, {count} violations"

    def assert_clean(self) -> None:
        told = [f"  bot:      {one}" for one in self.violations] + [f"  loopback: {one}" for one in self.own_violations]
        if told:
            raise AssertionError("Discord would not have taken this:\n" + "\n".join(told))
