"""Every plugin with what it needs, and the screens of all of them in one router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.discord.commands import Registrar, declared_in
from tzurot.discord.components import Router
from tzurot.discord.options import Lookups
from tzurot.discord.permissions import Rights
from tzurot.discord.viewers import Viewers
from tzurot.memory.forget import Forgetting
from tzurot.memory.shelf import Shelf
from tzurot.pipeline.actions import Actions
from tzurot.pipeline.greet import Greet
from tzurot.plugins.admin import AdminPlugin
from tzurot.plugins.alias import AliasPlugin
from tzurot.plugins.channel import ChannelPlugin
from tzurot.plugins.character import CharacterPlugin
from tzurot.plugins.chat import ChatPlugin
from tzurot.plugins.deny import DenyPlugin
from tzurot.plugins.help import HelpPlugin
from tzurot.plugins.history import HistoryPlugin
from tzurot.plugins.inspect import InspectPlugin
from tzurot.plugins.lore import LorePlugin
from tzurot.plugins.memory import MemoryPlugin
from tzurot.plugins.models import ModelsPlugin
from tzurot.plugins.persona import PersonaPlugin
from tzurot.plugins.preset import PresetPlugin
from tzurot.plugins.reply import ReplyPlugin
from tzurot.plugins.rights import GROUPS, RIGHTS
from tzurot.plugins.settings import SettingsPlugin
from tzurot.plugins.setup import SetupPlugin
from tzurot.plugins.usage import UsagePlugin
from tzurot.plugins.why import WhyPlugin
from tzurot.tables.conversations import Conversations
from tzurot.ui.dreams import DreamScreens
from tzurot.ui.lore import LoreScreens
from tzurot.ui.memory import FactScreens, MemoryScreens
from tzurot.ui.rights import Owners
from tzurot.ui.settings import SettingsScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    import hikari
    import lightbulb

    from tzurot.app import Core
    from tzurot.discord.front import DiscordFront
    from tzurot.discord.places import Places
    from tzurot.memory.transfer import Transfer
    from tzurot.pipeline.lanes import Lanes
    from tzurot.talk import Utterance
    from tzurot.ui.screen import Screen

PLUGINS = (
    AdminPlugin,
    AliasPlugin,
    ChannelPlugin,
    CharacterPlugin,
    ChatPlugin,
    DenyPlugin,
    HelpPlugin,
    HistoryPlugin,
    InspectPlugin,
    LorePlugin,
    MemoryPlugin,
    ModelsPlugin,
    PersonaPlugin,
    PresetPlugin,
    ReplyPlugin,
    SettingsPlugin,
    SetupPlugin,
    UsagePlugin,
    WhyPlugin,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    router: Router
    loaders: tuple[lightbulb.Loader, ...]
    reacted: Callable[[hikari.ReactionAddEvent], Coroutine[object, object, None]]
    choice: Callable[[Utterance], Awaitable[Screen]]


def commands_of(
    core: Core,
    *,
    bot: hikari.GatewayBot,
    front: DiscordFront,
    places: Places,
    lanes: Lanes,
    owner_ids: frozenset[int],
    facts: Callable[[], Awaitable[Sequence[tuple[str, str]]]],
) -> Commands:
    desk = Desk(core=core, viewers=Viewers(people=core.tables.people, owners=owner_ids))
    guide = HelpPlugin(groups=GROUPS)
    setup = setup_of(desk, bot, front, places)
    reply = reply_of(desk, front, lanes)
    plugins: tuple[object, ...] = (
        *of_characters(desk),
        *of_models(desk),
        *of_places(desk, places),
        setup,
        ChatPlugin(hear=core.hear, run=core.run, front=front, places=places, lanes=lanes),
        reply,
        InspectPlugin(flights=core.tables.flights, ledger=core.tables.ledger),
        guide,
        AdminPlugin(
            bot=bot,
            flights=core.tables.flights,
            history=core.tables.history,
            tuned=core.tables.tuned,
            usage=core.tables.usage,
            settings=desk.settings,
            facts=facts,
            router=desk.router,
        ),
    )
    guide.declared = tuple(declared for plugin in plugins for declared, _ in declared_in(plugin))
    lookups = Lookups(
        people=core.tables.people,
        characters=core.tables.characters,
        personas=core.tables.personas,
        lorebooks=core.tables.lorebooks,
        presets=core.tables.presets,
        providers=core.providers,
        owners=desk.owners,
    )
    registrar = Registrar(desk.viewers, lookups, RIGHTS, GROUPS)
    loaders = tuple(registrar.loader(plugin) for plugin in plugins)
    return Commands(router=desk.router, loaders=loaders, reacted=reply.on_reaction, choice=setup.offered)


class Desk:
    """What most plugins share."""

    def __init__(self, *, core: Core, viewers: Viewers) -> None:
        self.core = core
        self.viewers = viewers
        self.router = Router(viewers)
        self.owners = Owners(external_ids=frozenset(map(str, viewers.owners)))
        self.settings = SettingsScreen(
            tuned=core.tables.tuned, cascade=core.cascade, characters=core.tables.characters, owners=self.owners
        )


def of_characters(desk: Desk) -> tuple[object, ...]:
    tables, router = desk.core.tables, desk.router
    return (
        CharacterPlugin(
            characters=tables.characters,
            owners=desk.owners,
            settings=desk.settings,
            outbound=desk.core.outbound,
            router=router,
        ),
        AliasPlugin(aliases=tables.aliases, characters=tables.characters, router=router),
        LorePlugin(
            lorebooks=tables.lorebooks,
            characters=tables.characters,
            owners=desk.owners,
            outbound=desk.core.outbound,
            screens=LoreScreens(tables.lorebooks),
            router=router,
        ),
        PersonaPlugin(personas=tables.personas, router=router),
        *of_memory(desk),
        HistoryPlugin(
            history=tables.history,
            conversations=Conversations(desk.core.database),
            epochs=tables.epochs,
            characters=tables.characters,
            router=router,
        ),
    )


def of_memory(desk: Desk) -> tuple[object, ...]:
    core = desk.core
    shelf, forgetting = Shelf(core.database), Forgetting(core.database, core.memories)

    def transfer() -> Transfer:
        from tzurot.memory.transfer import Transfer  # noqa: PLC0415 - 2 MB, when somebody takes memories along

        return Transfer(core.database, core.memories)

    memory_screens, fact_screens = MemoryScreens(shelf, forgetting), FactScreens(core.memories.facts)
    return (
        MemoryPlugin(
            memories=core.memories,
            shelf=shelf,
            forgetting=forgetting,
            transfer=transfer,
            tuned=core.tables.tuned,
            characters=core.tables.characters,
            outbound=core.outbound,
            memory_screens=memory_screens,
            fact_screens=fact_screens,
            dream_screens=DreamScreens(core.dreams),
            router=desk.router,
        ),
        WhyPlugin(
            flights=core.tables.flights,
            ledger=core.tables.ledger,
            memory_screens=memory_screens,
            fact_screens=fact_screens,
            router=desk.router,
        ),
    )


def of_models(desk: Desk) -> tuple[object, ...]:
    core, tables, router = desk.core, desk.core.tables, desk.router
    return (
        PresetPlugin(
            presets=tables.presets, tuned=tables.tuned, providers=core.providers, outbound=core.outbound, router=router
        ),
        ModelsPlugin(
            catalogue=core.catalogue, providers=core.providers, keys=tables.keys, routes=core.routes, router=router
        ),
        SettingsPlugin(
            tuned=tables.tuned, settings=desk.settings, keys=tables.keys, providers=core.providers, router=router
        ),
        UsagePlugin(usage=tables.usage),
    )


def reply_of(desk: Desk, front: DiscordFront, lanes: Lanes) -> ReplyPlugin:
    core = desk.core
    return ReplyPlugin(
        actions=Actions(
            ledger=core.tables.ledger,
            takes=core.tables.takes,
            run=core.run,
            hear=core.hear,
            resume=core.resume,
            forget=core.forget,
            forgetting=Forgetting(core.database, core.memories),
            lanes=lanes,
        ),
        ledger=core.tables.ledger,
        people=core.tables.people,
        front=front,
        router=desk.router,
    )


def setup_of(desk: Desk, bot: hikari.GatewayBot, front: DiscordFront, places: Places) -> SetupPlugin:
    tables = desk.core.tables
    return SetupPlugin(
        people=tables.people,
        characters=tables.characters,
        activations=tables.activations,
        greet=Greet(tables.characters, tables.history),
        guards=desk.core.guards,
        front=front,
        places=places,
        rights=Rights(bot=bot),
        router=desk.router,
    )


def of_places(desk: Desk, places: Places) -> tuple[object, ...]:
    tables, router = desk.core.tables, desk.router
    return (
        ChannelPlugin(
            hear=desk.core.hear,
            guards=desk.core.guards,
            places=places,
            activations=tables.activations,
            characters=tables.characters,
            tuned=tables.tuned,
            settings=desk.settings,
            router=router,
        ),
        DenyPlugin(denials=tables.denials, owners=desk.owners, router=router),
    )
