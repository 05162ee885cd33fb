"""What stands below a channel while characters go on among themselves."""

from __future__ import annotations

from tzurot.ui.screen import Address, Button, Screen

KEY, STOP = "rounds", "stop"


def going_on() -> Screen:
    """The notice with the button that ends it; anybody may press it."""
    stop = Button(label="Stop", address=Address(screen=KEY, verb=STOP), style="danger")
    return Screen(title="", text="They go on among themselves. Say something, or stop them.", buttons=(stop,))


def stopped() -> Screen:
    return Screen(title="", text="They fall silent; whoever is speaking just now finishes first.")
