"""What can be done with a reply, once: as buttons below it, in its panel, and by the reaction of the same sign."""

from __future__ import annotations

from dataclasses import dataclass

from tzurot.ui.screen import Address, Button, stale

PLAIN = "\ufe0f"  # follows some signs, and changes nothing about what they mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """`or_manager`: not only who asked may do it, but who manages the channel."""

    verb: str
    sign: str
    label: str
    or_manager: bool = False


PREVIOUS = Deed(verb="previous", sign="◀", label="Previous")
NEXT = Deed(verb="next", sign="▶", label="Next")
AGAIN = Deed(verb="again", sign="🔁", label="Once more")
GO_ON = Deed(verb="go-on", sign="⏩", label="Continue")
REMEMBER = Deed(verb="remember", sign="🧠", label="Remember this")
DELETE = Deed(verb="delete", sign="🗑", label="Delete", or_manager=True)
DEEDS = (PREVIOUS, NEXT, AGAIN, GO_ON, REMEMBER, DELETE)
BELOW = "said"  # the screen's key where the buttons stand below the reply itself
WHY = "why"  # the screen that tells why a reply is as it is, and what is pressed for it
WHY_SIGN = "❔"


def deed_for(verb: str) -> Deed:
    """What a button asks for; raises Invalid for another verb."""
    found = next((deed for deed in DEEDS if deed.verb == verb), None)
    if found is None:
        raise stale()
    return found


def deed_of(sign: str) -> Deed | None:
    """What a reaction asks for."""
    return next((deed for deed in DEEDS if deed.sign == sign.removesuffix(PLAIN)), None)


def below(turn_id: int) -> tuple[Button, ...]:
    """The buttons of a reply: signs only, because they stand there for ever."""
    asked = (str(turn_id),)
    *deeds, delete = (
        Button(label=deed.sign, address=Address(screen=BELOW, verb=deed.verb, arguments=asked))
        for deed in (AGAIN, PREVIOUS, NEXT, GO_ON, REMEMBER, DELETE)
    )
    return (*deeds, Button(label=WHY_SIGN, address=Address(screen=WHY, verb=WHY, arguments=asked)), delete)
