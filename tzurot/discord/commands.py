"""What every command shares: acknowledged at once, answered by editing that, errors as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hikari
import lightbulb
from loguru import logger

from tzurot.discord.components import speaker_of_interaction
from tzurot.discord.notices import notice
from tzurot.discord.render import drawn, form_rows
from tzurot.errors import TzurotError, bug

if TYPE_CHECKING:
    from tzurot.tables.people import People, Person
    from tzurot.ui.screen import Form, Screen

ACKNOWLEDGE = lightbulb.ExecutionStep("ACKNOWLEDGE")
STEPS = (
    ACKNOWLEDGE,
    lightbulb.ExecutionSteps.CHECKS,
    lightbulb.ExecutionSteps.COOLDOWNS,
    lightbulb.ExecutionSteps.PRE_INVOKE,
    lightbulb.ExecutionSteps.INVOKE,
    lightbulb.ExecutionSteps.POST_INVOKE,
)


def public(command: type[Any]) -> type[Any]:
    """A command whose answer everybody in the channel sees."""
    command.answers_in_public = True
    return command


def opens_form(command: type[Any]) -> type[Any]:
    """A command that answers with a form, which Discord takes only as the first response."""
    command.answers_with_form = True
    return command


@lightbulb.hook(ACKNOWLEDGE)
async def acknowledge(_: lightbulb.ExecutionPipeline, ctx: lightbulb.Context) -> None:
    """Before options are converted or anything is looked up: Discord waits three seconds, not longer."""
    if not getattr(ctx.command, "answers_with_form", False):
        await ctx.defer(ephemeral=not getattr(ctx.command, "answers_in_public", False))


def client_for(bot: hikari.GatewayBot) -> lightbulb.GatewayEnabledClient:
    client = lightbulb.client_from_app(bot, execution_step_order=STEPS, hooks=[acknowledge])
    client.error_handler(complain)
    return client


async def person_of(ctx: lightbulb.Context, people: People) -> Person:
    return await people.meet(speaker_of_interaction(ctx.interaction))


async def show(ctx: lightbulb.Context, screen: Screen) -> None:
    await ctx.interaction.edit_initial_response(**drawn(screen))


async def say(ctx: lightbulb.Context, text: str) -> hikari.Message:
    return await ctx.interaction.edit_initial_response(text)


async def show_form(ctx: lightbulb.Context, form: Form) -> None:
    await ctx.respond_with_modal(form.title, form.address.pack(), components=form_rows(form))


async def complain(failure: lightbulb.exceptions.ExecutionPipelineFailedException) -> bool:
    """Say what went wrong; what is not one of our errors is a bug and is logged whole."""
    error = known_cause(failure)
    if error is None:
        logger.opt(exception=failure.causes[0]).error("command {} failed", failure.context.command_data.name)
        error = bug()
    interaction = failure.context.interaction
    try:
        if getattr(failure.context.command, "answers_with_form", False):
            await failure.context.respond(notice(error), ephemeral=True)
        else:
            await interaction.edit_initial_response(notice(error))
    except hikari.HTTPError as lost:
        logger.warning("a command's error could not be shown: {}", lost)
    return True


def known_cause(failure: lightbulb.exceptions.ExecutionPipelineFailedException) -> TzurotError | None:
    """Our own error among the causes: one that an option's converter raised arrives wrapped."""
    for cause in failure.causes:
        error: BaseException | None = cause
        while error is not None:
            if isinstance(error, TzurotError):
                return error
            error = error.__cause__
    return None
