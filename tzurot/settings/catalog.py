"""Every setting, once. Validation, cascade, dashboards and docs/settings.md come from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tzurot.settings.setting import OneOf, Setting, Share, Switch, Text, Tier, Whole

if TYPE_CHECKING:
    from collections.abc import Mapping

CONVERSATION, MEMORY, REPLIES, PLACES = "Conversation", "Memory", "Replies", "Places"
OF_PLACES = (Tier.OPERATOR, Tier.SERVER, Tier.CHANNEL)


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(name) from error


HISTORY_MESSAGES = Setting(
    key="history_messages",
    label="History messages",
    help="How many of a place's last messages a character reads before it answers.",
    section=CONVERSATION,
    default=50,
    kind=Whole(1, 500),
)
HISTORY_HOURS = Setting(
    key="history_hours",
    label="History age",
    help="Messages older than this are not read; 0 means any age.",
    section=CONVERSATION,
    default=0,
    kind=Whole(0, 24 * 365),
    unit="hours",
)
CROSS_CHANNEL = Setting(
    key="cross_channel",
    label="Cross-channel history",
    help="Whether a character also reads what the two of you last said in other places, your DMs included.",
    section=CONVERSATION,
    default=False,
    kind=Switch(),
    tiers=(Tier.USER, Tier.USER_CHARACTER),
)
REPLY_LANGUAGE = Setting(
    key="reply_language",
    label="Reply language",
    help="The language characters answer in; empty means that of the conversation.",
    section=REPLIES,
    default="",
    kind=Text(40),
)
TIMEZONE = Setting(
    key="timezone",
    label="Time zone",
    help="Where your clock stands, so that “this morning” means yours.",
    section=CONVERSATION,
    default="UTC",
    kind=Text(60, _zone, "the name of a time zone, for example Europe/Berlin"),
    tiers=(Tier.OPERATOR, Tier.USER),
)
IMAGES = Setting(
    key="images",
    label="Pictures",
    help="Whether a model is shown the pictures people attach. auto: if it is known to see; never: it reads a"
    " description, where the host has named a model that makes one.",
    section=CONVERSATION,
    default="auto",
    kind=OneOf(("auto", "always", "never")),
)
READ_PAGES = Setting(
    key="read_pages",
    label="Read pages",
    help="Whether the web pages that a message links to are read for the character, from the host's address.",
    section=CONVERSATION,
    default=False,
    kind=Switch(),
    tiers=(Tier.OPERATOR,),
)
TRANSCRIBE_VOICE = Setting(
    key="transcribe_voice",
    label="Transcribe voice",
    help="Whether what is said in a voice message is written down, where the host has named a service for that.",
    section=CONVERSATION,
    default=True,
    kind=Switch(),
    tiers=(*OF_PLACES, Tier.USER),
)
MEMORIES = Setting(
    key="memories",
    label="Memories",
    help="How many memories a prompt may hold; 0 means that characters do not look back.",
    section=MEMORY,
    default=12,
    kind=Whole(0, 100),
)
MEMORY_SHARE = Setting(
    key="memory_share",
    label="Memory share",
    help="How much of the prompt's room memories may take.",
    section=MEMORY,
    default=0.25,
    kind=Share(0.5),
)
MEMORY_FLOOR = Setting(
    key="memory_threshold",
    label="Memory threshold",
    help="on: a memory comes up only where it has enough to do with what is said; off: the best always do.",
    section=MEMORY,
    default=True,
    kind=Switch(),
)
SHARED_MEMORY = Setting(
    key="share_memories",
    label="Share memories",
    help="Whether a character also remembers what you said to other characters.",
    section=MEMORY,
    default=False,
    kind=Switch(),
    tiers=(Tier.USER, Tier.USER_CHARACTER),
)
MEMORY_EVERYWHERE = Setting(
    key="memory_everywhere",
    label="Memories everywhere",
    help="Whether what you said in private, or on another server, may come up in front of others.",
    section=MEMORY,
    default=False,
    kind=Switch(),
    tiers=(Tier.USER, Tier.USER_CHARACTER),
)
FRESH_UNTIL = Setting(
    key="fresh_until",
    label="Fresh mode",
    help="Until when nothing is remembered in replies; set by /memory fresh.",
    section=MEMORY,
    default=0,
    kind=Whole(0, 2**40),
    tiers=(Tier.USER, Tier.USER_CHARACTER),
    listed=False,
)
DREAMT = Setting(
    key="dreamt_to",
    label="Tidied up to",
    help="The newest memory when memories were last tidied up; kept by the nightly upkeep.",
    section=MEMORY,
    default=0,
    kind=Whole(0, 2**62),
    tiers=(Tier.OPERATOR,),
    listed=False,
)
DREAMT_AT = Setting(
    key="dreamt_at",
    label="Tidied up at",
    help="When memories were last tidied up, in seconds since 1970; kept by the nightly upkeep.",
    section=MEMORY,
    default=0,
    kind=Whole(0, 2**40),
    tiers=(Tier.OPERATOR,),
    listed=False,
)
INCOGNITO_UNTIL = Setting(
    key="incognito_until",
    label="Incognito mode",
    help="Until when nothing that is said is kept; set by /memory incognito.",
    section=MEMORY,
    default=0,
    kind=Whole(0, 2**40),
    tiers=(Tier.USER, Tier.USER_CHARACTER),
    listed=False,
)
FOOTER = Setting(
    key="footer",
    label="Model footer",
    help="Whether a small line under a reply names the model that made it.",
    section=REPLIES,
    default=False,
    kind=Switch(),
)
STREAMING = Setting(
    key="streaming",
    label="Streaming",
    help="Whether a reply is shown while it is written: its first message grows every second or so.",
    section=REPLIES,
    default=False,
    kind=Switch(),
)
ANSWER_EDITS = Setting(
    key="answer_edits",
    label="Edited questions",
    help="Whether the last reply is made anew when its question is edited within five minutes.",
    section=REPLIES,
    default=False,
    kind=Switch(),
)
REPLY_BUTTONS = Setting(
    key="reply_buttons",
    label="Reply buttons",
    help="Where buttons stand below replies. A reply's menu, and reactions with their signs, do the same everywhere.",
    section=REPLIES,
    default="private",
    kind=OneOf(("everywhere", "private", "nowhere")),
)
CLEANUP = Setting(
    key="cleanup",
    label="Cleanup",
    help="What is taken out of a reply: full removes name prefixes, stage scaffolding and lines written for other"
    " people; light removes only thoughts.",
    section=REPLIES,
    default="full",
    kind=OneOf(("full", "light")),
    tiers=(Tier.OPERATOR, Tier.CHARACTER, Tier.USER_CHARACTER),
)
AUTHORS_NOTE = Setting(
    key="authors_note",
    label="Author's note",
    help="An instruction placed among the last messages, where a model heeds it most.",
    section=REPLIES,
    default="",
    kind=Text(1000),
)
NOTE_DEPTH = Setting(
    key="note_depth",
    label="Note depth",
    help="How many messages stand after the author's note.",
    section=REPLIES,
    default=4,
    kind=Whole(0, 100),
    unit="messages",
)
NOTE_INTERVAL = Setting(
    key="note_interval",
    label="Note interval",
    help="The author's note is given with every so many messages; 1 means always, 0 never.",
    section=REPLIES,
    default=1,
    kind=Whole(0, 100),
    unit="messages",
)
SYSTEM_PROMPT = Setting(
    key="system_prompt",
    label="System prompt",
    help="Rules in place of the house's own; a card's own go before them and may quote them as {{original}}.",
    section=REPLIES,
    default="",
    kind=Text(4000),
)
LAST_WORDS = Setting(
    key="last_words",
    label="Last words",
    help="An instruction after everything else, where a model heeds it most.",
    section=REPLIES,
    default="",
    kind=Text(2000),
)
SIDECAR = Setting(
    key="sidecar",
    label="Sidecar",
    help="What this character should also know of the two of you; only you two read it.",
    section=REPLIES,
    default="",
    kind=Text(4000),
    tiers=(Tier.USER_CHARACTER,),
)
PRESET = Setting(
    key="preset",
    label="Preset",
    help="Which model answers, and how; set by /preset.",
    section=REPLIES,
    default=0,
    kind=Whole(0, 2**62),
    listed=False,
)
PRESENCE = Setting(
    key="presence",
    label="Presence",
    help="What is shown beside the bot's name; set by /admin presence.",
    section=PLACES,
    default="",
    kind=Text(128),
    tiers=(Tier.OPERATOR,),
    listed=False,
)
ANSWERS = Setting(
    key="answers",
    label="Answers",
    help="all: active characters answer everything; addressed: they listen, and answer only when addressed;"
    " nobody: nobody is answered here.",
    section=PLACES,
    default="all",
    kind=OneOf(("all", "addressed", "nobody")),
    tiers=OF_PLACES,
)
TALKATIVENESS = Setting(
    key="talkativeness",
    label="Talkativeness",
    help="Where several characters are active: how readily one joins in unasked.",
    section=PLACES,
    default=0.5,
    kind=Share(),
    tiers=(Tier.OPERATOR, Tier.CHARACTER, Tier.SERVER, Tier.CHANNEL),
)
AGE_RESTRICTED = Setting(
    key="age_restricted",
    label="Age-restricted",
    help="on: answers only in age-restricted channels, and in private to who was seen in one.",
    section=PLACES,
    default=False,
    kind=Switch(),
    tiers=(Tier.CHARACTER,),
)
OF_AGE = Setting(
    key="of_age",
    label="Of age",
    help="Whether Discord let somebody into an age-restricted channel; noticed when they speak to a character there.",
    section=PLACES,
    default=False,
    kind=Switch(),
    tiers=(Tier.USER,),
    listed=False,
)
ROUNDS = Setting(
    key="rounds",
    label="Rounds",
    help="Where several characters are active: how often they go on among themselves after each message. Each time"
    " those speak who feel like it, save who spoke last; anybody can stop them.",
    section=PLACES,
    default=0,
    kind=Whole(0, 10),
    tiers=OF_PLACES,
)

ALL: tuple[Setting[Any], ...] = (
    HISTORY_MESSAGES,
    HISTORY_HOURS,
    CROSS_CHANNEL,
    TIMEZONE,
    IMAGES,
    READ_PAGES,
    TRANSCRIBE_VOICE,
    MEMORIES,
    MEMORY_SHARE,
    MEMORY_FLOOR,
    SHARED_MEMORY,
    MEMORY_EVERYWHERE,
    FRESH_UNTIL,
    INCOGNITO_UNTIL,
    DREAMT,
    DREAMT_AT,
    FOOTER,
    STREAMING,
    ANSWER_EDITS,
    REPLY_BUTTONS,
    REPLY_LANGUAGE,
    CLEANUP,
    AUTHORS_NOTE,
    NOTE_DEPTH,
    NOTE_INTERVAL,
    SYSTEM_PROMPT,
    LAST_WORDS,
    SIDECAR,
    PRESET,
    PRESENCE,
    ANSWERS,
    TALKATIVENESS,
    ROUNDS,
    AGE_RESTRICTED,
    OF_AGE,
)
BY_KEY: Mapping[str, Setting[Any]] = {setting.key: setting for setting in ALL}


def of_tier(tier: Tier) -> tuple[Setting[Any], ...]:
    """What can be set there and shown in its dashboard, in the catalog's order."""
    return tuple(setting for setting in ALL if tier in setting.tiers and setting.listed)
