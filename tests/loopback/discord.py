"""`LoopbackDiscord`: a whole Discord on 127.0.0.1, with people in it whom a test can let speak."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from tests.loopback.faults import Fault
from tests.loopback.honesty import Honesty
from tests.loopback.interactions import Interactions
from tests.loopback.messages import Draft, Upload, quoted
from tests.loopback.model import VOICE_MESSAGE, Channel, File, Json, User, Webhook
from tests.loopback.permissions import Permission
from tests.loopback.server import PREFIX, Request, Server

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    from tests.loopback.gateway import Dispatch
    from tests.loopback.openapi import Spec
    from tests.loopback.world import Where, Who


class LoopbackDiscord(Interactions):
    """Start it, point a bot at `rest_url` with `token`, and speak.

    The world that is there: guild Playground of Alice, with Bob and Carol; #general with a thread, #quiet,
    #private (hidden from the bot), #unhooked (no webhooks for the bot); and everybody's direct messages.
    """

    def __init__(self, *, validate: bool = True) -> None:
        super().__init__()
        self.honesty = Honesty(validate=validate)
        self._server = Server(self, self.honesty)

    async def start(self, port: int = 0) -> Self:
        self.base_url = await self._server.start(port)
        return self

    async def stop(self) -> None:
        await self._server.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_failure: object) -> None:
        await self.stop()

    @property
    def rest_url(self) -> str:
        return self.base_url + PREFIX

    # -- people ------------------------------------------------------------------------------------

    async def say(
        self,
        where: Where,
        who: Who,
        text: str = "",
        *,
        reply_to: Json | None = None,
        attachments: Iterable[tuple[str, bytes, str]] = (),
        voice: tuple[bytes, float] | None = None,
        forward: Json | None = None,
        ping: bool = True,
    ) -> Json:
        """Let somebody say something; `<@id>` in the text becomes a mention.

        `attachments` are names, contents and media types; `voice` is a voice message and its seconds.
        """
        channel, person = self.channel(where), self.user(who)
        uploads = [Upload(File(name, data, content_type)) for name, data, content_type in attachments]
        if voice:
            uploads.append(Upload(File("voice-message.ogg", voice[0], "audio/ogg"), seconds=voice[1]))
        draft = Draft(
            content=text,
            uploads=uploads,
            flags=VOICE_MESSAGE if voice else 0,
            reply_to=self.post(reply_to) if reply_to else None,
            forward=self.post(forward) if forward else None,
            pings=ping,
        )
        body = self.publish(channel, person, draft).body
        self.honesty.event_message(body)
        return body

    async def say_through(self, application_id: int, where: Where, name: str, text: str) -> Json:
        """Let another application speak through a webhook of its own."""
        channel = self.channel(where)
        hook = Webhook(self.ids.now(), "secret", "proxy", channel, application_id=str(application_id))
        return self.publish(channel, None, Draft(content=text, webhook=hook, username=name)).body

    async def types(self, where: Where, who: Who) -> None:
        self.show_typing(self.channel(where), self.user(who))

    async def edit(self, message: Json, text: str) -> Json:
        """Change the words of what a person said."""
        return self.revise(self.post(message), {"content": text}).body

    async def delete(self, message: Json) -> None:
        self.take_back(self.post(message))

    async def react(self, message: Json, who: Who, emoji: str, *, remove: bool = False) -> None:
        self.put_reaction(self.post(message), self.user(who), emoji, remove=remove)

    async def resend(self, message: Json) -> None:
        """Dispatch the very same MESSAGE_CREATE again, as Discord does after some reconnects."""
        post = self.post(message)
        if post.event is None:
            raise LookupError("that message was never dispatched")
        self._tell("MESSAGE_CREATE", post.event, post)

    # -- looking -----------------------------------------------------------------------------------

    def messages(self, where: Where) -> list[Json]:
        """Everything that stands in a channel, oldest first."""
        return [post.body for post in self.channel(where).posts.values()]

    def webhook_messages(self, where: Where) -> list[Json]:
        """What was said through webhooks."""
        return [post.body for post in self.channel(where).posts.values() if post.webhook]

    def bot_messages(self, where: Where) -> list[Json]:
        """What the bot said, under its own name or through webhooks."""
        channel = self.channel(where)
        return [post.body for post in channel.posts.values() if post.webhook or post.author is self.bot]

    def avatar_url_of(self, message: Json) -> str | None:
        """The picture's address that a webhook post asked for."""
        return self.post(message).avatar_url

    async def wait_for(self, seen: Callable[[LoopbackDiscord], Any], timeout: float = 10.0) -> Any:  # noqa: ASYNC109
        """Wait until this is true of the loopback; its value. Looked at again after every change."""
        try:
            return await self.until(lambda: seen(self), timeout, "what the test waits for")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.summary()}") from None

    async def ready(self, connections: int = 1, timeout: float = 30.0) -> None:  # noqa: ASYNC109
        """Wait until a bot has identified or resumed."""
        await self.until(lambda: len(self.gateway.live) >= connections, timeout, "a bot at the gateway")

    def summary(self, last: int = 6) -> str:
        """What happened lately, for the message of a failed wait."""
        lines = [
            f"  #{channel.name} {body['author']['username']}: {quoted(body['content'])}"
            for channel in self.channels.values()
            for body in self.messages(channel)[-last:]
        ]
        lines += [f"  {one.method} {one.path} -> {one.status or 'open'}" for one in self.requests[-last:]]
        lines += [f"  violation: {one}" for one in (*self.violations, *self.own_violations)]
        return "\n".join(lines)

    # -- breaking ----------------------------------------------------------------------------------

    def fault(
        self,
        method: str,
        path_regex: str | re.Pattern[str],
        *,
        status: int | None = 500,
        body: Any = None,
        headers: dict[str, str] | None = None,
        after_accepting: bool = False,
        hang_s: float = 0.0,
        times: int = 1,
        skip: int = 0,
    ) -> Fault:
        """Let the next matching requests fail; downloads from the CDN have the method `CDN`.

        `status=None` cuts the connection, `after_accepting` does the work first, `skip` lets so many pass before.
        """
        import re

        made = Fault(
            method, re.compile(path_regex), status, body, headers or {}, after_accepting, hang_s, times, skip=skip
        )
        self._server.faults.append(made)
        return made

    def limit(self, method: str, path_regex: str, scope: str, retry_after_s: float = 0.3) -> Fault:
        """Answer the next matching request with 429: `user` (of its route), `shared` (others use it up) or `global`."""
        body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": scope == "global"}
        headers = {"Retry-After": str(retry_after_s), "X-RateLimit-Scope": scope}
        if scope == "global":
            headers["X-RateLimit-Global"] = "true"
        else:
            reset = {"Reset": f"{time.time() + retry_after_s:.3f}", "Reset-After": str(retry_after_s)}
            limits = {"Bucket": "loopback", "Limit": "5", "Remaining": "0" if scope == "user" else "1", **reset}
            headers |= {f"X-RateLimit-{name}": value for name, value in limits.items()}
        return self.fault(method, path_regex, status=429, body=body, headers=headers)

    def forget_faults(self) -> None:
        self._server.faults.clear()

    def reconnect(self) -> None:
        self.gateway.reconnect()

    def invalid_session(self, *, resumable: bool) -> None:
        self.gateway.invalid_session(resumable=resumable)

    def drop(self) -> None:
        self.gateway.drop()

    def zombie(self, on: bool = True) -> None:
        self.gateway.zombie(on)

    @property
    def strict_rate_limits(self) -> bool:
        return self._server.budgets.strict

    @strict_rate_limits.setter
    def strict_rate_limits(self, strict: bool) -> None:
        self._server.budgets.strict = strict

    @property
    def rate_limited(self) -> int:
        """How many requests were answered 429."""
        return self._server.budgets.refused

    # -- accounts ----------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        return self._server.requests

    @property
    def downloads(self) -> list[Request]:
        """What was fetched from the CDN."""
        return self._server.downloads

    @property
    def dispatches(self) -> list[Dispatch]:
        return self.gateway.dispatches

    @property
    def spec(self) -> Spec | None:
        return self.honesty.spec

    @property
    def violations(self) -> list[str]:
        return self.honesty.violations

    @property
    def own_violations(self) -> list[str]:
        return self.honesty.own_violations

    def report(self) -> str:
        return self.honesty.report()

    def assert_clean(self) -> None:
        self.honesty.assert_clean()


__all__ = ["Channel", "LoopbackDiscord", "Permission", "User"]
