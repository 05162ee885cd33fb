"""The application itself: who it is, its commands and emojis, and where its gateway stands."""

from __future__ import annotations

import base64

from tests.loopback import shapes
from tests.loopback.commands import refuse_bad_commands
from tests.loopback.gateway import LIMITED_CONTENT_FLAG
from tests.loopback.model import Emoji, File, Json
from tests.loopback.refusals import Refusal, bad_field
from tests.loopback.routing import NO_CONTENT, Answer, Call, route

NOTHING = Answer(None, NO_CONTENT)


@route("GET", "/gateway", open_to_all=True)
async def get_gateway(call: Call) -> Answer:
    return Answer({"url": call.discord.base_url.replace("http", "ws", 1)})


@route("GET", "/gateway/bot")
async def get_gateway_bot(call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    url = call.discord.base_url.replace("http", "ws", 1)
    return Answer({"url": url, "shards": 1, "session_start_limit": limit})


@route("GET", "/applications/@me")
@route("GET", "/oauth2/applications/@me")
async def get_my_application(call: Call) -> Answer:
    world = call.discord
    flags = LIMITED_CONTENT_FLAG if world.message_content_intent == "enabled" else 0
    return Answer(
        {
            "id": world.bot.id,
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "verify_key": "00" * 32,
            "flags": flags,
            "flags_new": str(flags),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": shapes.user(world.alice),
            "approximate_guild_count": len(world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
            "bot": shapes.user(world.bot),
            "bot_public": True,
            "bot_require_code_grant": False,
            "integration_types_config": {"0": {}},
        }
    )


# -- commands --------------------------------------------------------------------------------------


def _kept(given: Json, call: Call) -> Json:
    """A command as Discord keeps it: with an id that stays while its name stays."""
    guild_id = call.parts.get("guild_id")
    kind = given.get("type") or 1
    before = call.discord.commands.get(guild_id, [])
    old = next((one for one in before if (one["name"], one["type"]) == (given["name"], kind)), None)
    rights = given.get("default_member_permissions")
    kept: Json = {key: value for key, value in given.items() if value is not None} | {
        "id": old["id"] if old else call.discord.ids.now(),
        "application_id": call.discord.bot.id,
        "version": call.discord.ids.now(),
        "type": kind,
        "description": given.get("description") or "",
        "default_member_permissions": None if rights is None else str(rights),
        "dm_permission": given.get("dm_permission") is not False,
        "contexts": given.get("contexts"),
        "integration_types": given.get("integration_types") or [0],
        "nsfw": bool(given.get("nsfw")),
    }
    if "options" in kept:
        kept["options"] = [_kept_option(one) for one in kept["options"]]
    if guild_id:
        kept["guild_id"] = guild_id
    return kept


def _kept_option(given: Json) -> Json:
    kept = {key: value for key, value in given.items() if value is not None}
    if "options" in kept:
        kept["options"] = [_kept_option(one) for one in kept["options"]]
    if "choices" in kept:
        kept["choices"] = [{key: value for key, value in one.items() if value is not None} for one in kept["choices"]]
    return kept


@route("GET", "/applications/{application_id}/commands")
@route("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
async def list_commands(call: Call) -> Answer:
    return Answer(call.discord.commands.get(call.parts.get("guild_id"), []))


@route("PUT", "/applications/{application_id}/commands")
@route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
async def set_commands(call: Call) -> Answer:
    refuse_bad_commands(call.body)
    kept = [_kept(one, call) for one in call.body]
    call.discord.commands[call.parts.get("guild_id")] = kept
    call.discord.changed()
    return Answer(kept)


@route("POST", "/applications/{application_id}/commands")
async def create_command(call: Call) -> Answer:
    refuse_bad_commands([call.body])
    kept = _kept(call.body, call)
    others = [one for one in call.discord.commands[None] if one["id"] != kept["id"]]
    call.discord.commands[None] = [*others, kept]
    return Answer(kept, 201)


@route("DELETE", "/applications/{application_id}/commands/{command_id}")
async def delete_command(call: Call) -> Answer:
    before = call.discord.commands[None]
    call.discord.commands[None] = [one for one in before if one["id"] != call.parts["command_id"]]
    if len(before) == len(call.discord.commands[None]):
        raise Refusal(10063)
    return NOTHING


# -- emojis ----------------------------------------------------------------------------------------


@route("GET", "/applications/{application_id}/emojis")
async def list_emojis(call: Call) -> Answer:
    owner = call.discord.bot
    return Answer({"items": [shapes.emoji(one, owner) for one in call.discord.emojis.values()]})


@route("POST", "/applications/{application_id}/emojis")
async def create_emoji(call: Call) -> Answer:
    head, _, data = call.body["image"].partition(";base64,")
    if not head.startswith("data:image/") or not data:
        raise bad_field("image", "BASE_TYPE_IMAGE", "An emoji is a data URI of an image")
    picture = base64.b64decode(data)
    if len(picture) > 256 * 1024:
        raise bad_field("image", "BINARY_TYPE_MAX_SIZE", "File cannot be larger than 256.0 kb.")
    if any(one.name == call.body["name"] for one in call.discord.emojis.values()):
        raise bad_field("name", "APPLICATION_EMOJI_NAME_ALREADY_TAKEN", "name taken", malformed=False)
    if len(call.discord.emojis) >= 2000:
        raise Refusal(30008, status=400, message="Maximum number of emojis reached (2000)")
    made = Emoji(call.discord.ids.now(), call.body["name"], animated=head.endswith("gif"))
    call.discord.emojis[made.id] = made
    for ending in ("png", "webp", "gif"):
        file = File(f"{made.id}.{ending}", picture, head.removeprefix("data:"))
        call.discord.keep_file(f"emojis/{made.id}.{ending}", file)
    return Answer(shapes.emoji(made, call.discord.bot), 201)


@route("DELETE", "/applications/{application_id}/emojis/{emoji_id}")
async def delete_emoji(call: Call) -> Answer:
    if call.discord.emojis.pop(call.parts["emoji_id"], None) is None:
        raise Refusal(10014)
    return NOTHING
