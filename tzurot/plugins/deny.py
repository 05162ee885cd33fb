"""`/deny`: who is not answered, where, and for how long."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid, NotFound, Refused
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Address, Answer, Button, Press, Screen
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from collections.abc import Sequence

    import hikari

    from tzurot.discord.components import Router
    from tzurot.tables.denials import Denial, Denials, DenialScope
    from tzurot.ui.rights import Owners
    from tzurot.ui.viewer import Viewer

DURATION = re.compile(r"(\d{1,4}) ?([mhdw])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
SCOPES: dict[str, DenialScope] = {"this channel": "channel", "this server": "server", "the whole bot": "bot"}
NEEDS = {"channel": Power.CHANNEL_MANAGER, "server": Power.SERVER_MANAGER, "bot": Power.BOT_OWNER}


class DenyPlugin:
    key = "deny"

    def __init__(self, *, denials: Denials, owners: Owners, router: Router) -> None:
        self._denials = denials
        self._owners = owners
        self.list = Listing(
            key="denials",
            title="Who is not answered",
            empty="Everybody is answered here.",
            load=self._load,
            open=self._open,
            sorts=("newest",),
        )
        router.enter(self.list, self)

    @command(
        "deny add",
        "Stop answering somebody",
        user=options.person("Who"),
        where=options.choice("Where; without it as far as you may", *SCOPES, required=False),
        duration=options.text(
            "How long: 30m, 2h, 7d, 4w; without it, until it is taken back", limit=10, required=False
        ),
        reason=options.text("They are told it", limit=500, required=False),
    )
    async def add(
        self, asked: Asked, user: hikari.User, where: str | None, duration: str | None, reason: str | None
    ) -> str:
        viewer = asked.viewer
        scope = _scope(where, viewer)
        viewer.needs(NEEDS[scope])
        if str(int(user.id)) in self._owners.external_ids:
            raise Refused("deny.owner", "The bot's owner is always answered.", "Choose somebody else.")
        scope_id = {"channel": viewer.channel_id, "server": viewer.server_id or 0, "bot": 0}[scope]
        expires_at = datetime.now(UTC) + read_duration(duration) if duration else None
        await self._denials.add("user", int(user.id), scope, scope_id, reason=reason or "", expires_at=expires_at)
        until = f" until <t:{int(expires_at.timestamp())}:f>" if expires_at else ""
        named = next(name for name, known in SCOPES.items() if known == scope)
        return f"{user.mention} is not answered in {named}{until}."

    @command(
        "deny remove",
        "Answer somebody again",
        user=options.person("Who"),
        where=options.choice("Where; without it as far as you may", *SCOPES, required=False),
    )
    async def remove(self, asked: Asked, user: hikari.User, where: str | None) -> str:
        scope = _scope(where, asked.viewer)
        for denial in (await self._denials.all()).get(("user", int(user.id)), ()):
            if denial.scope == scope and _is_here(denial, asked.viewer):
                asked.viewer.needs(NEEDS[denial.scope])
                await self._denials.remove(denial.id)
                return f"{user.mention} is answered again."
        raise NotFound("deny.none", "They are answered there.", "Look with /deny browse.")

    @command("deny browse", "Who is not answered here")
    async def browse(self, asked: Asked) -> Screen:
        return await self.list.page(asked.viewer)

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The button that takes a denial back."""
        denial = await self._get(viewer, str(press.address.number(0)))
        await self._denials.remove(denial.id)
        return await self.list.page(viewer)

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        viewer.needs(Power.CHANNEL_MANAGER)
        now = datetime.now(UTC)
        found = [denial for there in (await self._denials.all()).values() for denial in there]
        return [
            Row(
                label=f"{denial.kind} {denial.target}",
                value=str(denial.id),
                detail=" · ".join(part for part in (f"<@{denial.target}>", denial.scope, denial.reason[:60]) if part),
                order=(-denial.id,),
            )
            for denial in found
            if denial.holds(now) and _is_here(denial, viewer) and view.query in f"{denial.target} {denial.reason}"
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        denial = await self._get(viewer, value)
        until = f"<t:{int(denial.expires_at.timestamp())}:f>" if denial.expires_at else "it is taken back"
        lift = Address(screen=self.key, verb="lift", owner=viewer.front_id, arguments=(str(denial.id),))
        return Screen(
            title=f"{denial.kind} {denial.target}",
            text=f"<@{denial.target}>",
            fields=(("Where", denial.scope), ("Until", until), ("Reason", denial.reason or "none was given")),
            buttons=(Button(label="Answer them again", address=lift, style="primary"), back),
        )

    async def _get(self, viewer: Viewer, value: str) -> Denial:
        """Raises Refused without the right to take it back, NotFound where it is gone or of another place."""
        for there in (await self._denials.all()).values():
            for denial in there:
                if str(denial.id) == value and _is_here(denial, viewer):
                    viewer.needs(NEEDS.get(denial.scope, Power.BOT_OWNER))
                    return denial
        raise NotFound("deny.none", "That is not denied any more.", "Look with /deny browse.")


def read_duration(text: str) -> timedelta:
    """`30m`, `2h`, `7d`, `4w`.

    Raises:
        Invalid: it is none of these.

    """
    found = DURATION.fullmatch(text.strip().casefold())
    if found is None or not int(found[1]):
        raise Invalid("duration.invalid", f"“{text[:20]}” is not a duration.", "Write 30m, 2h, 7d or 4w.")
    return int(found[1]) * UNITS[found[2]]


def _scope(where: str | None, viewer: Viewer) -> DenialScope:
    """The named one; without a name the server, for those who may not manage it the channel."""
    return (
        SCOPES[where] if where else ("server" if viewer.has(Power.SERVER_MANAGER) and viewer.server_id else "channel")
    )


def _is_here(denial: Denial, viewer: Viewer) -> bool:
    """Whether a denial is one of the place where the viewer is, or of the whole bot for its owner."""
    match denial.scope:
        case "channel":
            return denial.scope_id == viewer.channel_id
        case "server":
            return denial.scope_id == viewer.server_id
        case _:
            return viewer.has(Power.BOT_OWNER)
