"""Faults on order: HTTP answers that fail, hang or never come, and budgets that run out."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

GENEROUS = (1000, 1.0)
STRICT = (5, 2.0)
LIMITED = re.compile(r"/webhooks/\d+/[^/]+(/.*)?|/channels/\d+/messages.*")


@dataclass(eq=False)
class Fault:
    """What happens to `times` requests that match, after `skip` good ones; `status=None` cuts the connection."""

    method: str
    path: re.Pattern[str]
    status: int | None = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after_accepting: bool = False
    hang_s: float = 0.0
    times: int = 1
    hits: int = 0
    skip: int = 0
    done: int = 0  # how many of the requests it hit were carried out before it broke their answers

    def takes(self, method: str, path: str) -> bool:
        if self.hits >= self.times or self.method not in {method, "*"} or not self.path.search(path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return True

    @property
    def json(self) -> Any:
        return {"message": "Internal Server Error (loopback fault)", "code": 0} if self.body is None else self.body


class Budgets:
    """Rate limits per route, in Discord's headers; generous unless told to be strict."""

    def __init__(self) -> None:
        self.strict = False
        self.refused = 0
        self._spent: dict[str, deque[float]] = {}

    def spend(self, method: str, path: str) -> tuple[dict[str, str], float]:
        """The headers for this request, and how long to wait first (0 = go ahead)."""
        if path.startswith("/interactions/"):
            return {}, 0.0  # answers to interactions stand outside the rate limits
        key = bucket(method, path)
        limit, window_s = STRICT if self.strict and LIMITED.fullmatch(path) else GENEROUS
        now = time.monotonic()
        spent = self._spent.setdefault(key, deque())
        while spent and spent[0] <= now - window_s:
            spent.popleft()
        wait_s = spent[0] + window_s - now if len(spent) >= limit else 0.0
        if wait_s:
            self.refused += 1
        else:
            spent.append(now)
        reset_s = max(spent[0] + window_s - now, 0.001) if spent else window_s
        headers = {
            "X-RateLimit-Bucket": f"{hash(key) & 0xFFFFFFFFFFFF:012x}",
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - len(spent), 0)),
            "X-RateLimit-Reset": f"{time.time() + reset_s:.3f}",
            "X-RateLimit-Reset-After": f"{reset_s:.3f}",
        }
        if wait_s:
            headers |= {"Retry-After": f"{wait_s:.3f}", "X-RateLimit-Scope": "user"}
        return headers, wait_s


def bucket(method: str, path: str) -> str:
    """The route with its major parameters kept and the other ids blurred."""
    parts = path.split("/")
    kept = parts[:3] if len(parts) > 2 else parts
    if len(parts) > 3 and parts[1] == "webhooks":
        kept = parts[:4]
    rest = ["{}" if part.isdigit() or len(part) > 30 else part for part in parts[len(kept) :]]
    return " ".join([method, *kept, *rest])
