"""What a bot without the MESSAGE CONTENT intent gets to see of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.loopback.model import Json


def without_content(message: Json, bot_id: str, *, in_dm: bool | None = None) -> Json:
    """The message with its words blanked, unless it is a DM, mentions the bot, or is the bot's own."""
    direct = "guild_id" not in message if in_dm is None else in_dm
    own = message.get("author", {}).get("id") == bot_id or message.get("application_id") == bot_id
    mentioned = any(person["id"] == bot_id for person in message.get("mentions", ()))
    if direct or own or mentioned:
        return message
    blank: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    if "message_snapshots" in message:
        blank["message_snapshots"] = [
            {"message": one["message"] | {"content": "", "embeds": [], "attachments": [], "components": []}}
            for one in message["message_snapshots"]
        ]
    return message | blank
