"""Column types of our own. Migrations import them: this module never moves."""

from __future__ import annotations

from typing import Any

from tortoise import fields


class Snowflake(fields.BigIntField):
    """A 64-bit id given from outside.

    With `generated=False` as a mere argument every `makemigrations` would drop and re-add the key.
    """

    def __init__(self, **given: Any) -> None:
        given["generated"] = False
        super().__init__(**given)
