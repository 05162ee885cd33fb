"""Commands as functions: what each is called, what it takes, and what every one of them shares.

A plugin is a class whose methods are marked with `@command`. Whoever runs one is acknowledged before anything is looked
up, because Discord waits three seconds; then their right to it is checked, its options are read, and the screen it
returns is drawn. An error it raises is shown as a sentence.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import hikari
import lightbulb
from loguru import logger

from tzurot.discord.notices import notice
from tzurot.discord.render import drawn, form_rows
from tzurot.errors import TzurotError, bug
from tzurot.ui.screen import Form, Screen
from tzurot.ui.viewer import Power, check

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from tzurot.discord.options import Lookups, Option
    from tzurot.discord.viewers import Viewers
    from tzurot.ui.viewer import Viewer

    Rights = Mapping[str, Power | None]
    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

MARK = "_declared_command"
ACKNOWLEDGE = lightbulb.ExecutionStep("ACKNOWLEDGE")
STEPS = (
    ACKNOWLEDGE,
    lightbulb.ExecutionSteps.CHECKS,
    lightbulb.ExecutionSteps.COOLDOWNS,
    lightbulb.ExecutionSteps.PRE_INVOKE,
    lightbulb.ExecutionSteps.INVOKE,
    lightbulb.ExecutionSteps.POST_INVOKE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """`words` are the whole of its name, as in `character alias add`."""

    words: str
    description: str
    options: Mapping[str, Option] = field(default_factory=dict[str, "Option"])
    public: bool = False
    form: bool = False
    on_message: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who runs a command, and lightbulb's context for the few that need it."""

    viewer: Viewer
    context: lightbulb.Context


def command(
    words: str, description: str, *, public: bool = False, form: bool = False, **options: Option
) -> Callable[[FunctionT], FunctionT]:
    """Mark `async def it(self, asked, **options)` as a slash command; it returns a Screen, a text, or None.

    `public`: everybody in the channel sees the answer. `form`: it is a plain function of its options as they were
    typed, and returns a Form: Discord takes one only as the first response, so nothing may be looked up before.
    """
    return _mark(Declared(words=words, description=description, options=options, public=public, form=form))


def message_command(name: str) -> Callable[[FunctionT], FunctionT]:
    """Mark `async def it(self, asked, message)` as an entry of a message's menu."""
    return _mark(Declared(words=name, description="", on_message=True))


def _mark(declared: Declared) -> Callable[[FunctionT], FunctionT]:
    def marked(function: FunctionT) -> FunctionT:
        setattr(function, MARK, declared)
        return function

    return marked


def declared_in(plugin: object) -> Iterator[tuple[Declared, Callable[..., Any]]]:
    """The commands of a plugin, or of its class, in the order they are written."""
    kind = plugin if inspect.isclass(plugin) else type(plugin)
    for name, function in vars(kind).items():
        declared = getattr(function, MARK, None)
        if declared is not None:
            yield declared, getattr(plugin, name)


class Registrar:
    """Makes lightbulb's commands of ours; groups are made when their first command comes, named by `groups`."""

    def __init__(self, viewers: Viewers, lookups: Lookups, rights: Rights, groups: Mapping[str, str]) -> None:
        self._viewers = viewers
        self._lookups = lookups
        self._rights = rights
        self._descriptions = groups
        self._groups: dict[str, lightbulb.Group] = {}
        self._subgroups: dict[str, Any] = {}

    def loader(self, plugin: object) -> lightbulb.Loader:
        loader = lightbulb.Loader()
        for declared, function in declared_in(plugin):
            made = self._made(declared, function)
            *groups, _ = [declared.words] if declared.on_message else declared.words.split()
            if not groups:
                loader.command(made)
            elif len(groups) == 1:
                self._group(groups[0], loader).register(made)
            else:
                self._subgroup(groups[0], groups[1], loader).register(made)
        return loader

    def _group(self, name: str, loader: lightbulb.Loader) -> lightbulb.Group:
        if name not in self._groups:
            group = self._groups[name] = lightbulb.Group(name, self._descriptions[name])
            loader.command(group)
        return self._groups[name]

    def _subgroup(self, parent: str, name: str, loader: lightbulb.Loader) -> Any:  # noqa: ANN401 - lightbulb's own
        words = f"{parent} {name}"
        if words not in self._subgroups:
            self._subgroups[words] = self._group(parent, loader).subgroup(name, self._descriptions[words])
        return self._subgroups[words]

    def _made(self, declared: Declared, function: Callable[..., Any]) -> Any:  # noqa: ANN401 - lightbulb's own
        run = self._form(declared, function) if declared.form else self._answer(declared, function)

        async def invoke(command: Any, context: lightbulb.Context) -> None:  # noqa: ANN401
            await run(command, context)

        base = lightbulb.MessageCommand if declared.on_message else lightbulb.SlashCommand
        name = declared.words if declared.on_message else declared.words.split()[-1]
        namespace: dict[str, Any] = {
            "invoke": lightbulb.invoke(invoke),
            "declared": declared,
            **{key: option.made(key, self._lookups) for key, option in declared.options.items()},
        }
        described = {} if declared.on_message else {"description": declared.description}
        return type(base)(declared.words.title().replace(" ", ""), (base,), namespace, name=name, **described)

    def _answer(self, declared: Declared, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
        need = self._rights[declared.words]

        async def run(command: Any, context: lightbulb.Context) -> None:  # noqa: ANN401
            if need is not None:
                check(self._viewers.powers(context.interaction), need)
            viewer = await self._viewers.of(context.interaction)
            asked = Asked(viewer=viewer, context=context)
            if declared.on_message:
                await show(context, await function(asked, command.target))
                return
            given = {
                key: await option.read(self._lookups, viewer, getattr(command, key))
                for key, option in declared.options.items()
            }
            await show(context, await function(asked, **given))

        return run

    def _form(self, declared: Declared, function: Callable[..., Form]) -> Callable[..., Awaitable[None]]:
        need = self._rights[declared.words]

        async def run(command: Any, context: lightbulb.Context) -> None:  # noqa: ANN401
            if need is not None:
                check(self._viewers.powers(context.interaction), need)
            form = function(**{key: getattr(command, key) for key in declared.options})
            await context.respond_with_modal(form.title, form.address.pack(), components=form_rows(form))

        return run


@lightbulb.hook(ACKNOWLEDGE)
async def acknowledge(_: lightbulb.ExecutionPipeline, context: lightbulb.Context) -> None:
    """Before options are converted or anything is looked up: Discord waits three seconds, not longer."""
    declared = declared_of(context)
    if not declared.form:
        await context.defer(ephemeral=not declared.public)


def declared_of(context: lightbulb.Context) -> Declared:
    return vars(type(context.command))["declared"]


def client_for(bot: hikari.GatewayBot) -> lightbulb.GatewayEnabledClient:
    client = lightbulb.client_from_app(bot, execution_step_order=STEPS, hooks=[acknowledge])
    client.error_handler(complain)
    return client


async def show(context: lightbulb.Context, answer: Screen | str | None) -> None:
    """Replace what said that the command is being worked on."""
    if isinstance(answer, Screen):
        await context.interaction.edit_initial_response(**drawn(answer))
    elif answer is not None:
        await context.interaction.edit_initial_response(answer)


async def complain(failure: lightbulb.exceptions.ExecutionPipelineFailedException) -> bool:
    """Say what went wrong; what is not one of our errors is a bug and is logged whole."""
    error = known_cause(failure)
    if error is None:
        logger.opt(exception=failure.causes[0]).error("command {} failed", failure.context.command_data.qualified_name)
        error = bug()
    try:
        if declared_of(failure.context).form:
            await failure.context.respond(notice(error), ephemeral=True)
        else:
            await failure.context.interaction.edit_initial_response(notice(error))
    except hikari.HTTPError as lost:
        logger.warning("a command's error could not be shown: {}", lost)
    return True


def known_cause(failure: lightbulb.exceptions.ExecutionPipelineFailedException) -> TzurotError | None:
    """Our own error among the causes, however it was wrapped."""
    for cause in failure.causes:
        error: BaseException | None = cause
        while error is not None:
            if isinstance(error, TzurotError):
                return error
            error = error.__cause__
    return None
