"""The line shell of the stage: one person at a time, in one channel at a time."""

from __future__ import annotations

import mimetypes
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.loopback import components, stage_print
from tests.loopback.commands import NotOffered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.loopback.discord import LoopbackDiscord
    from tests.loopback.interactions import LoopbackInteraction
    from tests.loopback.model import Channel, Json, User
    from tests.loopback.world import Happening

HELP = """plain text says it; @Tzurot mentions the bot, @Bob a person
/as Bob             speak as Bob          /in general|quiet|dm   speak there
/reply 3 text       reply to message 3    /react 3 👍            react to it
/edit 3 text        change message 3      /delete 3              take it back
/attach FILE text   say it with a file    /forward 3             forward message 3
/press 2            press component 2     /pick 3 value          pick from select 3
/fill field=value   send the open form    /menu Inspect 3        a message's menu entry
/messages           what stands here      /commands              the bot's commands
/character view character=Nyx             any command of the bot (quotes allowed, card=@path uploads)
/complete character view character=N      what autocompletion offers
/report             what was validated    /quit"""
PATIENCE_S = 30.0
QUIET_S = 1.5


class Shell:
    """Turns lines into what people do, and shows what happens."""

    def __init__(self, discord: LoopbackDiscord, show: Callable[[str], None]) -> None:
        self._discord = discord
        self._show = show
        self.person: User = discord.alice
        self.place: Channel = discord.general
        self._numbers: dict[str, int] = {}
        self._bodies: list[Json] = []
        self._usable: Json | None = None  # the last message with components
        self._form: LoopbackInteraction | None = None
        self._last_s = time.monotonic()
        discord.watch(self._happened)
        self._words: dict[str, Callable[[str], Awaitable[None]]] = {
            "as": self._as,
            "in": self._in,
            "reply": self._reply,
            "react": self._react,
            "edit": self._edit,
            "delete": self._delete,
            "attach": self._attach,
            "forward": self._forward,
            "press": self._press,
            "pick": self._pick,
            "fill": self._fill,
            "menu": self._menu,
            "messages": self._messages,
            "commands": self._commands,
            "complete": self._complete,
            "report": self._report,
            "help": self._help,
            "?": self._help,
        }

    @property
    def prompt(self) -> str:
        return f"{self.person.name} in #{self.place.name}> "

    async def line(self, text: str) -> bool:
        """Do what a line says; False when it was the last."""
        text = text.strip()
        if text in {"/quit", "/exit"}:
            return False
        try:
            if text.startswith("/"):
                word, _, rest = text[1:].partition(" ")
                await (self._run(text[1:]) if self._is_command(word) else self._words[word](rest.strip()))
            elif text:
                await self._discord.say(self.place, self.person, self._with_mentions(text))
        except (LookupError, ValueError, ConnectionError, OSError) as error:
            self._show(f"! {error}")
        return True

    def _is_command(self, word: str) -> bool:
        """The bot's commands go before the shell's own words; `/?` is always the shell's."""
        known = any(one["name"] == word for there in self._discord.commands.values() for one in there)
        return known or word not in self._words

    async def settle(self) -> None:
        """Wait until the bot owes nothing: no open interaction, and quiet after what it was last seen doing."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            waiting = [one for one in self._discord.interactions.values() if not one.final]
            waiting = [one for one in waiting if time.monotonic() - one.sent_s < PATIENCE_S]
            quiet_s = time.monotonic() - self._last_s
            busy = waiting or any(not one.status for one in self._discord.requests[-20:])
            if not busy and quiet_s >= self._needs_quiet_s():
                return
            try:
                await self._discord.until(lambda seen=self._last_s: self._last_s != seen, 0.2, "anything")
            except AssertionError:
                continue

    def _needs_quiet_s(self) -> float:
        """After a person's words to the bot (a DM, a mention, a reply) it may think; after its own, not."""
        if not self._bodies:
            return 0.2
        last = self._bodies[-1]
        if last["author"].get("bot"):
            return QUIET_S
        direct = self._discord.channels[last["channel_id"]].guild is None
        spoken_to = any(one["id"] == self._discord.bot.id for one in last["mentions"])
        return PATIENCE_S if direct or spoken_to or "referenced_message" in last else 3.0

    # -- showing -----------------------------------------------------------------------------------

    def _happened(self, event: Happening) -> None:
        self._last_s = time.monotonic()
        if event.kind in {"posted", "edited"}:
            number = self._number(event.message)
            self._bodies[number - 1] = event.message
            if components.interactive(event.message["components"]):
                self._usable = event.message
            note = "edited" if event.kind == "edited" else ""
            self._show(stage_print.message(number, event.channel, event.message, note))
        elif event.kind == "deleted":
            self._show(f"[{self._number(event.message)}] deleted")
        elif event.kind == "answered":
            self._answered()

    def _answered(self) -> None:
        latest = next(reversed(self._discord.interactions.values()))
        if latest.modal and latest is not self._form:
            self._form = latest
            self._show(stage_print.form(latest.modal))

    def _number(self, body: Json) -> int:
        if body["id"] not in self._numbers:
            self._bodies.append(body)
            self._numbers[body["id"]] = len(self._bodies)
        return self._numbers[body["id"]]

    def _body(self, number: str) -> Json:
        if not number.isdigit() or not 1 <= int(number) <= len(self._bodies):
            raise LookupError(f"there is no message {number!r}; messages are numbered in brackets")
        return self._bodies[int(number) - 1]

    def _with_mentions(self, text: str) -> str:
        for person in self._discord.users.values():
            text = text.replace(f"@{person.name}", person.mention)
        return text

    # -- words of the shell ------------------------------------------------------------------------

    async def _as(self, name: str) -> None:
        direct = self.place.guild is None
        self.person = self._discord.user(name)
        if direct:
            self.place = self._discord.dm_with(self.person)

    async def _in(self, name: str) -> None:
        self.place = self._discord.dm_with(self.person) if name == "dm" else self._discord.channel(name)

    async def _reply(self, rest: str) -> None:
        number, _, text = rest.partition(" ")
        to = self._body(number)
        await self._discord.say(self.place, self.person, self._with_mentions(text), reply_to=to)

    async def _react(self, rest: str) -> None:
        number, _, emoji = rest.partition(" ")
        await self._discord.react(self._body(number), self.person, emoji.strip())

    async def _edit(self, rest: str) -> None:
        number, _, text = rest.partition(" ")
        await self._discord.edit(self._body(number), self._with_mentions(text))

    async def _delete(self, number: str) -> None:
        await self._discord.delete(self._body(number))

    async def _attach(self, rest: str) -> None:
        path, _, text = rest.partition(" ")
        await self._discord.say(self.place, self.person, self._with_mentions(text), attachments=[_file(path)])

    async def _forward(self, number: str) -> None:
        await self._discord.say(self.place, self.person, forward=self._body(number))

    def _component(self, number: str) -> tuple[Json, Json]:
        if self._usable is None:
            raise LookupError("no message with components yet")
        there = components.interactive(self._usable["components"])
        if not number.isdigit() or not 1 <= int(number) <= len(there):
            raise LookupError(f"component {number!r}: there are 1 to {len(there)}")
        return self._usable, there[int(number) - 1]

    async def _press(self, number: str) -> None:
        message, one = self._component(number)
        if one["type"] != components.BUTTON:
            raise LookupError(f"component {number} is picked from: /pick {number} value")
        place = self._discord.channels[message["channel_id"]]
        await self._discord.click(place, self.person, message, one["custom_id"])

    async def _pick(self, rest: str) -> None:
        number, *values = shlex.split(rest)
        message, one = self._component(number)
        place = self._discord.channels[message["channel_id"]]
        await self._discord.click(place, self.person, message, one["custom_id"], values)

    async def _fill(self, rest: str) -> None:
        if self._form is None:
            raise LookupError("no form is open")
        fields = dict(part.split("=", 1) for part in shlex.split(rest) if "=" in part)
        form, self._form = self._form, None
        try:
            await self._discord.submit(form, fields)
        except NotOffered:
            self._form = form
            raise

    async def _menu(self, rest: str) -> None:
        name, _, number = rest.rpartition(" ")
        await self._discord.message_command(self.place, self.person, name, self._body(number))

    async def _messages(self, _: str) -> None:
        for body in self._discord.messages(self.place):
            self._show(stage_print.message(self._number(body), self.place, body))

    async def _commands(self, _: str) -> None:
        for command in sorted(self._discord.commands[None], key=lambda one: str(one["name"])):
            for words, options in _spread(command):
                self._show(f"/{words} {options}".rstrip())

    async def _complete(self, rest: str) -> None:
        words, options = self._parsed(rest)
        if not options:
            raise LookupError("say which option: /complete character view character=N")
        *others, last = options
        before = {name: options[name] for name in others}
        offered = await self._discord.autocomplete(self.place, self.person, words, last, str(options[last]), before)
        self._show("\n".join(f"  {one['name']} = {one['value']}" for one in offered.choices) or "  (nothing)")

    async def _report(self, _: str) -> None:
        self._show(self._discord.report())
        for one in (*self._discord.violations, *self._discord.own_violations):
            self._show(f"! {one}")

    async def _help(self, _: str) -> None:
        self._show(HELP)

    async def _run(self, text: str) -> None:
        """A slash command of the bot."""
        words, options = self._parsed(text)
        await self._discord.slash(self.place, self.person, words, options)

    def _parsed(self, text: str) -> tuple[str, dict[str, Any]]:
        words: list[str] = []
        options: dict[str, Any] = {}
        for part in shlex.split(text):
            name, equals, value = part.partition("=")
            if not equals:
                words.append(part)
            elif value.startswith("@") and Path(value[1:]).is_file():
                options[name] = _file(value[1:])
            else:
                options[name] = value.removeprefix("@") if value.startswith("@") else value
        return " ".join(words), options


def _file(path: str) -> tuple[str, bytes, str]:
    file = Path(path).expanduser()
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return file.name, file.read_bytes(), kind


def _spread(command: Json, before: str = "") -> list[tuple[str, str]]:
    """Every runnable part of a command, with its options."""
    name = f"{before}{command['name']}"
    options = command.get("options") or []
    deeper = [one for one in options if one["type"] in {1, 2}]
    if deeper:
        return [found for one in deeper for found in _spread(one, f"{name} ")]
    return [(name, " ".join(f"{one['name']}=" if one.get("required") else f"[{one['name']}=]" for one in options))]
