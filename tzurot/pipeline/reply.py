"""From what the model said to what is posted: nobody else's lines, no labels, messages of a size Discord takes."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

from tzurot.errors import ProviderFailed
from tzurot.lore.patterns import Patience
from tzurot.pipeline.cleanup import clean
from tzurot.pipeline.lore import IN_A_THREAD_S, scripts_of
from tzurot.pipeline.split import split
from tzurot.pipeline.turn import Reply, Voice
from tzurot.prompt.macros import Facts, Macros
from tzurot.prompt.regex_scripts import Placement, applied
from tzurot.settings.catalog import CLEANUP, FOOTER, INCOGNITO_UNTIL, REPLY_BUTTONS

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.pipeline.turn import Completion, Scene, Turn
    from tzurot.prompt.regex_scripts import Use
    from tzurot.settings.cascade import Resolved
    from tzurot.talk import Place

VISIBLE = re.compile(r"[^\s\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\u00ad]")
MESSAGE_LIMIT = 2000
# somebody may be called so, but before a colon these are words: a nickname must not cut what characters say
NO_NAMES = frozenset("http https ftp note notes ps tip hint warning edit update example answer question re to".split())
FOOTER_LINE = re.compile(r"\n?-# [^\n]*\Z")
PREFIX_SIGNS = 6  # where there is no webhook a message begins with the name: "**Name:** "


def others_of(scene: Scene) -> tuple[str, ...]:
    """Everybody else whose lines the model has seen and might go on with."""
    turn = scene.turn
    names = scene.speakers - {turn.character.name, turn.asked_by.name}
    return tuple(sorted(name for name in names if name.casefold() not in NO_NAMES))


def compose(scene: Scene, completion: Completion) -> Reply:
    """Clean and split a completion.

    Raises:
        ProviderFailed: nothing of it was the character's own words.

    """
    turn = scene.turn
    text = completion.text.strip()
    if scene.settings[CLEANUP] == "full":
        text = clean(
            completion.text,
            character=turn.character.name,
            user=turn.asked_by.name,
            others=others_of(scene),
            user_message=turn.incoming.utterance.text,
        )
    text, shown = _scripted(scene, text)
    room = room_of(turn)
    chunks = split(shown, room)
    if scene.settings[FOOTER] and completion.model:
        chunks = with_footer(chunks, f"-# {completion.model}", room)
    if not VISIBLE.search(shown):
        raise ProviderFailed(
            "llm.nothing_said",
            f"The language model wrote nothing that {turn.character.name} could say.",
            "Try again, or say it in other words.",
        )
    has_buttons = buttons_stand(scene.settings, turn.place, scene.now)
    return Reply(turn=turn, voice=voice_of(turn), text=text, chunks=chunks, has_buttons=has_buttons)


def room_of(turn: Turn) -> int:
    """How many signs a message of the character's may have, its name in front of it where there is no webhook."""
    return MESSAGE_LIMIT - len(turn.character.name.encode("utf-16-le")) // 2 - PREFIX_SIGNS


def voice_of(turn: Turn, name: str = "") -> Voice:
    """How the character appears; `name` is the one it had when it began to speak."""
    return Voice(
        name=name or turn.character.name,
        character_id=turn.character.id,
        avatar_digest=turn.character.summary.avatar_digest,
    )


def buttons_stand(settings: Resolved, place: Place, now: datetime) -> bool:
    """Whether buttons stand below a reply there."""
    if settings[INCOGNITO_UNTIL] > now.timestamp():
        return False  # nothing is kept that they could work with
    return settings[REPLY_BUTTONS] == "everywhere" or (settings[REPLY_BUTTONS] == "private" and place.kind == "dm")


def with_footer(chunks: tuple[str, ...], footer: str, room: int) -> tuple[str, ...]:
    """A small line under the last message, or a message of its own where that one is full."""
    *before, last = chunks or ("",)
    whole = f"{last}\n{footer}"
    return (*before, whole) if len(whole) <= room else (*before, last, footer)


def without_footer(text: str) -> str:
    """A posted reply as it was said."""
    return FOOTER_LINE.sub("", text)


def _scripted(scene: Scene, text: str) -> tuple[str, str]:
    """The reply as scripts make it to be kept, and to be shown."""
    scripts = scripts_of(scene)
    if not scripts:
        return text, text
    turn = scene.turn
    macros = Macros(Facts(char=turn.character.card.spoken_name, user=turn.asked_by.name), Random(turn.id))  # noqa: S311
    patience = Patience(total_s=IN_A_THREAD_S)
    kept, shown = text, text
    uses: tuple[Use, ...] = ("stored", "display")
    for use in uses:
        shown = applied(
            shown, scripts, placement=Placement.REPLY, use=use, depth=0, expand=macros.expand, patience=patience
        )
        kept = shown if use == "stored" else kept
    return kept, shown
