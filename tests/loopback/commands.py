"""The bot's commands as a person meets them: found by their words, filled in, checked as Discord checks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.loopback import permissions, shapes
from tests.loopback.model import Channel, File, Json, Role, User
from tests.loopback.permissions import Permission
from tests.loopback.refusals import bad_field

if TYPE_CHECKING:
    from tests.loopback.world import World

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
NAME = re.compile(r"[-_'\w]{1,32}")
IN_GUILD, IN_BOT_DM = 0, 1


class NotOffered(LookupError):
    """Discord's client would not have let a person do this."""


@dataclass(frozen=True)
class Chosen:
    """A command with the way to the part of it that runs."""

    command: Json
    path: tuple[Json, ...]  # sub-command group and sub-command

    @property
    def options(self) -> list[Json]:
        return list((self.path[-1] if self.path else self.command).get("options") or [])


def refuse_bad_commands(commands: list[Json]) -> None:
    """The rules on names that the OpenAPI file does not carry."""
    seen: set[tuple[str, int]] = set()
    for one in commands:
        kind = one.get("type") or SLASH
        name = one["name"]
        if kind == SLASH and (not NAME.fullmatch(name) or name != name.lower()):
            raise bad_field("name", "APPLICATION_COMMAND_INVALID_NAME", f"Command name {name!r} is invalid")
        if kind == SLASH and not one.get("description"):
            raise bad_field("description", "BASE_TYPE_REQUIRED", "This field is required")
        if kind != SLASH and one.get("description"):
            raise bad_field("description", "APPLICATION_COMMANDS_DESCRIPTION_NOT_ALLOWED", "Menus have no description")
        if (name, kind) in seen:
            raise bad_field("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", f"Command {name!r} must be unique")
        seen.add((name, kind))
        _refuse_bad_options(one.get("options") or [])


def _refuse_bad_options(options: list[Json]) -> None:
    names: set[str] = set()
    optional_before = False
    for one in options:
        name = one["name"]
        if not NAME.fullmatch(name) or name != name.lower() or name in names:
            raise bad_field("options", "APPLICATION_COMMAND_INVALID_NAME", f"Option name {name!r} is invalid or taken")
        names.add(name)
        if one.get("required") and optional_before:
            raise bad_field(
                "options",
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_before = optional_before or not one.get("required")
        if one.get("autocomplete") and one.get("choices"):
            raise bad_field(
                "options",
                "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE",
                "Choices and autocomplete exclude each other",
            )
        _refuse_bad_options(one.get("options") or [])


def find(world: World, words: str, channel: Channel, person: User, kind: int = SLASH) -> Chosen:
    """The command that these words name, if Discord would offer it to this person here."""
    parts = words.lstrip("/").split() if kind == SLASH else [words]
    places: list[str | None] = [channel.guild.id, None] if channel.guild else [None]
    there = [one for place in places for one in world.commands.get(place, [])]
    for command in there:
        if command["name"] == parts[0] and command["type"] == kind:
            _refuse_unoffered(command, channel, person)
            return _descend(command, parts[1:])
    names = sorted(one["name"] for one in there if one["type"] == kind)
    raise NotOffered(f"no command {parts[0]!r}; there are {names}")


def _descend(command: Json, words: list[str]) -> Chosen:
    path: list[Json] = []
    here = command
    for word in words:
        deeper = {one["name"]: one for one in here.get("options") or [] if one["type"] in {SUBCOMMAND, GROUP}}
        if word not in deeper:
            raise NotOffered(f"/{command['name']} has no {word!r}; it has {sorted(deeper)}")
        here = deeper[word]
        path.append(here)
    under = [one["name"] for one in here.get("options") or [] if one["type"] in {SUBCOMMAND, GROUP}]
    if under:
        raise NotOffered(f"/{command['name']} needs one of {sorted(under)}")
    return Chosen(command, tuple(path))


def _refuse_unoffered(command: Json, channel: Channel, person: User) -> None:
    context = IN_GUILD if channel.guild else IN_BOT_DM
    if command.get("contexts") is not None and context not in command["contexts"]:
        raise NotOffered(f"{command['name']!r} is not offered {'in guilds' if channel.guild else 'in DMs'}")
    if channel.guild is None:
        return
    granted = permissions.in_channel(channel, person.id)
    wanted = int(command.get("default_member_permissions") or 0)
    if command.get("default_member_permissions") == "0" and granted != permissions.EVERYTHING:
        raise NotOffered(f"{command['name']!r} is for administrators only")
    if granted & wanted != wanted or not granted & Permission.USE_APPLICATION_COMMANDS:
        raise NotOffered(f"{command['name']!r} is not offered to {person.name}: rights missing")


class Filling:
    """Turns what a person typed into options and what they refer to."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world = world
        self._channel = channel
        self.resolved: Json = {}

    def options(self, chosen: Chosen, given: dict[str, Any], focused: str | None = None) -> list[Json]:
        """Options in Discord's nesting; refuses what its client would not send."""
        known = {one["name"]: one for one in chosen.options}
        for name in given:
            if name not in known:
                raise NotOffered(f"no option {name!r}; there are {sorted(known)}")
        missing = [name for name, one in known.items() if one.get("required") and name not in given]
        if missing and focused is None:
            raise NotOffered(f"required options are empty: {missing}")
        filled: list[Json] = []
        for name, value in given.items():
            if name == focused:
                filled.append({"name": name, "type": known[name]["type"], "value": value, "focused": True})
            else:
                filled.append({"name": name, "type": known[name]["type"], "value": self._value(known[name], value)})
        for part in reversed(chosen.path):
            filled = [{"name": part["name"], "type": part["type"], "options": filled}]
        return filled

    def _value(self, option: Json, value: Any) -> Any:
        kind = option["type"]
        if kind == ATTACHMENT:
            return self._attachment(value)
        if kind in {USER, MENTIONABLE} and not isinstance(value, Role):
            return self.person(value)
        if kind == CHANNEL:
            return self.place(value)
        if kind in {ROLE, MENTIONABLE}:
            return self.role(value)
        return _plain(option, value)

    def _attachment(self, value: Any) -> str:
        name, data, content_type = (value.name, value.data, value.content_type) if isinstance(value, File) else value
        file_id = self._world.ids.now()
        path = f"ephemeral-attachments/{self._channel.id}/{file_id}/{name}"
        url = self._world.keep_file(path, File(name, data, content_type))
        self.resolved.setdefault("attachments", {})[file_id] = {
            "id": file_id,
            "filename": name,
            "size": len(data),
            "url": url,
            "proxy_url": url,
            "content_type": content_type,
            "ephemeral": True,
        }
        return file_id

    def person(self, value: Any) -> str:
        person = self._world.user(value)
        self.resolved.setdefault("users", {})[person.id] = shapes.user(person)
        guild = self._channel.guild
        if guild and person.id in guild.members:
            rights = str(int(permissions.in_channel(self._channel, person.id)))
            member = shapes.member(guild.members[person.id], with_user=False) | {"permissions": rights}
            self.resolved.setdefault("members", {})[person.id] = member
        return person.id

    def place(self, value: Any) -> str:
        channel = self._world.channel(value)
        self.resolved.setdefault("channels", {})[channel.id] = shapes.channel(channel) | {
            "permissions": str(permissions.EVERYTHING)
        }
        return channel.id

    def role(self, value: Any) -> str:
        known = self._channel.guild.roles if self._channel.guild else {}
        role = value if isinstance(value, Role) else next(one for one in known.values() if value in (one.id, one.name))
        self.resolved.setdefault("roles", {})[role.id] = shapes.role(role)
        return role.id


def _plain(option: Json, value: Any) -> Any:
    """A string, number or boolean inside the option's bounds."""
    name, kind = option["name"], option["type"]
    if kind == BOOLEAN:
        value = value if isinstance(value, bool) else str(value).lower() in {"true", "yes", "1", "on"}
    elif kind == INTEGER:
        value = int(value)
    elif kind == NUMBER:
        value = float(value)
    else:
        value = str(value)
    size = len(value) if kind == STRING else value
    low, high = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if option.get(low) is not None and size < option[low]:
        raise NotOffered(f"option {name!r} is below {option[low]}")
    if option.get(high) is not None and size > option[high]:
        raise NotOffered(f"option {name!r} is above {option[high]}")
    choices = option.get("choices")
    if choices:
        for one in choices:
            if value in (one["value"], one["name"]):
                return one["value"]
        raise NotOffered(f"option {name!r} offers {[one['name'] for one in choices]}, not {value!r}")
    return value
