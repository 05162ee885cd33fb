"""How what is attached is told: in the line that is kept of a message, and in the prompt that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.pipeline.turn import Attached
    from tzurot.talk import Attachment, Utterance

UNHEARD = "not transcribed"
KEPT_OF_TEXT = 400
KEPT_OF_WORDS = 800


def text_with_attachments(said: Utterance, attached: Sequence[Attached] = ()) -> str:
    """The words, and in brackets what came with them: by name, and in a few words where it was looked at."""
    if not said.attachments:
        return said.text
    own = iter([one for one in attached if one.is_own and one.message_id == said.message_id])
    names: list[str] = []
    lines: list[str] = []
    for attachment in said.attachments:
        read = None if attachment.is_voice else next(own, None)
        if attachment.is_voice:
            lines.append(_voice_message(attachment))
        elif read is not None and read.text:
            lines.append(_kept(read))
        else:
            names.append(attachment.label)
    if names:
        lines.append(f"[attached: {', '.join(names)}]")
    return "\n".join((said.text, *lines)).strip()


def _voice_message(attachment: Attachment) -> str:
    length = f", {attachment.seconds:.0f} s" if attachment.seconds is not None else ""
    return f"[voice message{length}, {UNHEARD}]"


def _kept(read: Attached) -> str:
    """What later turns know of it: a picture's description, a recording's words, the beginning of a text."""
    most = KEPT_OF_TEXT if read.kind == "file" else KEPT_OF_WORDS
    words = " ".join(read.text[: most * 2].split())
    shown = words if len(words) <= most else f"{words[:most].rstrip()}…"
    begins = ", which begins" if read.kind == "file" and shown != words else ""
    return f"[attached {read.kind} {read.name}{begins}: {shown}]"


def in_prompt(read: Attached, number: int) -> str:
    """What stands in the prompt for it; `number` says which of the pictures that go along it is."""
    whose = "" if read.is_own else ", attached to the message that is replied to"
    heading = f"{read.name} ({read.about}){whose}" if read.about else read.name
    if read.picture is not None:
        return f"{heading}: picture {number} below"
    if not read.text:
        return f"{'picture ' if read.kind == 'picture' else ''}{heading}: {read.unread}"
    if read.kind == "picture":
        return f"picture {heading}, described by somebody who saw it: {read.text}"
    if read.kind == "recording":
        return f"recording {heading}, in which is said: {read.text}"
    return f"file {heading}:\n{read.text}"


def lines_of_attached(text: str, names: Sequence[str]) -> list[str]:
    """The lines of a kept message that tell of attachments which are still there."""
    lines = (line for line in text.splitlines() if line.startswith("[attached"))
    return [line for line in lines if any(name in line for name in names)]
