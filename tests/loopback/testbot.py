"""A real hikari bot with lightbulb commands, for the tests of the loopback itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import hikari
import lightbulb

if TYPE_CHECKING:
    from tests.loopback.discord import LoopbackDiscord

INTENTS = (
    hikari.Intents.GUILDS
    | hikari.Intents.GUILD_MESSAGES
    | hikari.Intents.DM_MESSAGES
    | hikari.Intents.MESSAGE_CONTENT
    | hikari.Intents.GUILD_MESSAGE_REACTIONS
)
PIXEL = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0"
    b"\xf0\x1f\0\5\0\1\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)


class Bot:
    """A real bot that remembers what it heard, and answers as each test wants."""

    def __init__(self, discord: LoopbackDiscord, intents: hikari.Intents = INTENTS) -> None:
        self.discord = discord
        self.app = hikari.GatewayBot(
            discord.token,
            rest_url=discord.rest_url,
            banner=None,
            logs=None,
            intents=intents,
            suppress_optimization_warning=True,
        )
        self.rest = self.app.rest
        self.heard: list[hikari.Message] = []
        self.events: list[hikari.Event] = []
        self.broken: list[BaseException] = []
        self.app.subscribe(hikari.MessageCreateEvent, self._hear)
        for kind in (hikari.MessageUpdateEvent, hikari.MessageDeleteEvent, hikari.ReactionAddEvent):
            self.app.subscribe(kind, self._note)
        self.app.subscribe(hikari.GuildAvailableEvent, self._note)
        self.app.subscribe(hikari.ExceptionEvent, self._break)

    async def _hear(self, event: hikari.MessageCreateEvent) -> None:
        self.heard.append(event.message)
        self.discord.changed()

    async def _note(self, event: hikari.Event) -> None:
        self.events.append(event)
        self.discord.changed()

    async def _break(self, event: hikari.ExceptionEvent[Any]) -> None:
        self.broken.append(event.exception)

    async def start(self) -> Self:
        await self.app.start(check_for_updates=False)
        await self.discord.wait_for(lambda _: self.seen(hikari.GuildAvailableEvent))
        return self

    async def __aenter__(self) -> Self:
        try:
            return await self.start()
        except BaseException:
            await self.app.close()
            raise

    async def __aexit__(self, *_failure: object) -> None:
        await self.app.close()

    def seen(self, kind: type[hikari.Event]) -> list[Any]:
        return [one for one in self.events if isinstance(one, kind)]

    async def hears(self, text: str, times: int = 1) -> hikari.Message:
        """Wait until this text was heard so often."""
        found: list[hikari.Message] = await self.discord.wait_for(
            lambda _: len(said := [one for one in self.heard if one.content == text]) >= times and said
        )
        return found[-1]


# -- commands -------------------------------------------------------------------------------------

loader = lightbulb.Loader()
group = lightbulb.Group("character", "Characters")
inner = group.subgroup("voice", "Voices")


@loader.command
class Ping(lightbulb.SlashCommand, name="ping", description="Answers at once"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await ctx.respond("pong", ephemeral=True)


@loader.command
class Think(lightbulb.SlashCommand, name="think", description="Defers"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await ctx.defer(ephemeral=True)
        await ctx.interaction.edit_initial_response("thought")


@loader.command
class Twice(lightbulb.SlashCommand, name="twice", description="Answers twice"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await ctx.respond("first")
        await ctx.respond("second")


async def names(ctx: lightbulb.AutocompleteContext[str]) -> None:
    await ctx.respond([one for one in ("Nyx", "Nova", "Odo") if one.startswith(str(ctx.focused.value))])


@group.register
class View(lightbulb.SlashCommand, name="view", description="Shows one"):
    character = lightbulb.string("character", "Which", autocomplete=names)
    loud = lightbulb.boolean("loud", "Aloud", default=False)
    card = lightbulb.attachment("card", "A file", default=None)
    person = lightbulb.user("person", "Whose", default=None)
    place = lightbulb.channel("place", "Where", default=None)

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        size = len(await self.card.read()) if self.card else 0
        whose = self.person.username if self.person else "nobody"
        where = self.place.name if self.place else "nowhere"
        await ctx.respond(f"{self.character} {self.loud} {size} {whose} {where}")


@inner.register
class Hear(lightbulb.SlashCommand, name="hear", description="Speaks", contexts=[hikari.ApplicationContextType.GUILD]):
    speed = lightbulb.integer("speed", "How fast", min_value=1, max_value=9)

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await ctx.respond(f"speed {self.speed}")


loader.command(group)


@loader.command
class Inspect(lightbulb.MessageCommand, name="Inspect"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await ctx.respond(f"it says {self.target.content}")


@loader.command
class Greet(lightbulb.UserCommand, name="Greet"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await ctx.respond(f"hello {self.target.mention}")


@loader.command
class Panel(lightbulb.SlashCommand, name="panel", description="Buttons"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        box = hikari.impl.ContainerComponentBuilder()
        box.add_text_display("A panel of one")
        await ctx.respond(components=[box, *self.rows()])

    @staticmethod
    def rows() -> list[hikari.api.ComponentBuilder]:
        buttons = hikari.impl.MessageActionRowBuilder()
        buttons.add_interactive_button(hikari.ButtonStyle.PRIMARY, "again:1", label="Again")
        buttons.add_interactive_button(hikari.ButtonStyle.SECONDARY, "form:1", label="Form")
        buttons.add_interactive_button(hikari.ButtonStyle.DANGER, "never:1", label="Never", is_disabled=True)
        select = hikari.impl.MessageActionRowBuilder()
        menu = select.add_text_menu("pick:1")
        menu.add_option("Red", "r")
        menu.add_option("Blue", "b")
        return [buttons, select]


async def on_component(event: hikari.ComponentInteractionCreateEvent) -> None:
    it = event.interaction
    if it.custom_id == "form:1":
        row = hikari.impl.ModalActionRowBuilder().add_text_input("name", "Name", min_length=2)
        await it.create_modal_response("A form", "form:done", components=[row])
    elif it.custom_id == "again:1":
        await it.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, components=[text("pressed")])
    else:
        await it.create_initial_response(
            hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
        )
        await it.edit_initial_response(f"picked {it.values[0]}")


async def on_modal(event: hikari.ModalInteractionCreateEvent) -> None:
    typed = event.interaction.components[0].components[0]
    assert isinstance(typed, hikari.TextInputComponent)
    await event.interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, f"you are {typed.value}")


def text(words: str) -> hikari.impl.TextDisplayComponentBuilder:
    return hikari.impl.TextDisplayComponentBuilder(content=words)


async def with_commands(discord: LoopbackDiscord) -> Bot:
    """A bot with the commands above, started and synced."""
    made = Bot(discord)
    client = lightbulb.client_from_app(made.app)
    await loader.add_to_client(client)
    made.app.subscribe(hikari.StartingEvent, client.start)
    made.app.subscribe(hikari.StoppedEvent, client.stop)
    made.app.subscribe(hikari.ComponentInteractionCreateEvent, on_component)
    made.app.subscribe(hikari.ModalInteractionCreateEvent, on_modal)
    return await made.start()
