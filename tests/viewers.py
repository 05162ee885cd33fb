"""People who look at screens, for tests that need no front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.tables.people import Person
from tzurot.ui.viewer import Power, Viewer

if TYPE_CHECKING:
    from collections.abc import Iterable


def viewer(
    name: str = "Ida",
    user_id: int = 1,
    *,
    powers: Iterable[Power] = (),
    channel_id: int = 77,
    server_id: int | None = 88,
) -> Viewer:
    front_id = user_id + 4
    person = Person(user_id=user_id, external_id=str(front_id), persona_id=user_id, name=name)
    return Viewer(
        person=person, front_id=front_id, powers=frozenset(powers), channel_id=channel_id, server_id=server_id
    )


OWNER = viewer("Otto", 2, powers=Power)
