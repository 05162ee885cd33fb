"""The floor: the least a hikari bot can do to answer with a model, with neither memory nor database.

Run as a process with DISCORD_TOKEN, FLOOR_REST_URL and FLOOR_LLM_URL. hikari closes every connection to Discord after
one request unless it is told otherwise; with FLOOR_KEEPS set it is told, as Tzurot tells it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import hikari
import httpx
import orjson


async def main() -> None:
    logging.disable()
    bot = hikari.GatewayBot(
        os.environ["DISCORD_TOKEN"],  # noqa: TID251 - a program of its own
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
        rest_url=os.environ["FLOOR_REST_URL"],  # noqa: TID251
        intents=hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES | hikari.Intents.MESSAGE_CONTENT,
        cache_settings=hikari.impl.CacheSettings(components=hikari.api.CacheComponents.NONE),
        http_settings=hikari.impl.HTTPSettings(force_close_transports="FLOOR_KEEPS" not in os.environ),  # noqa: TID251
    )
    url = os.environ["FLOOR_LLM_URL"] + "/chat/completions"  # noqa: TID251
    client = httpx.AsyncClient(timeout=60)
    webhooks: dict[int, tuple[int, str]] = {}

    @bot.listen()
    async def on_message(event: hikari.GuildMessageCreateEvent) -> None:
        if not event.is_human or not event.content:
            return
        messages = [{"role": "user", "content": event.content}]
        text = ""
        body = orjson.dumps({"model": "floor", "stream": True, "messages": messages})
        async with client.stream("POST", url, content=body) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    for choice in orjson.loads(line[6:])["choices"]:
                        text += choice["delta"].get("content") or ""
        if event.channel_id not in webhooks:
            made = await bot.rest.create_webhook(event.channel_id, "floor")
            webhooks[event.channel_id] = (int(made.id), str(made.token))
        webhook_id, token = webhooks[event.channel_id]
        await bot.rest.execute_webhook(webhook_id, token, text, username="Floor")

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await bot.start(check_for_updates=False)
    await stop.wait()
    await bot.close()
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main())
