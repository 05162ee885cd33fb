"""The schema: every table, declared with Tortoise for its migrations. What reads and writes them is plain SQL."""

# Tortoise carries few types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportIncompatibleVariableOverride=false
from __future__ import annotations

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

from tzurot.tables import aliases, characters, lorebooks, people, presets


class Row(Model):
    id = fields.BigIntField(primary_key=True)

    class Meta:
        abstract = True


class User(Row):
    front = fields.CharField(max_length=16)
    external_id = fields.CharField(max_length=64)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "users"
        unique_together = (("front", "external_id"),)


class Persona(Row):
    user = fields.ForeignKeyField("tzurot.User", "personas")
    name = fields.CharField(max_length=people.NAME_LENGTH)
    description = fields.TextField(default="")
    pronouns = fields.CharField(max_length=people.PRONOUNS_LENGTH, db_default="")
    is_default = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "personas"


class PersonaOverride(Row):
    user = fields.ForeignKeyField("tzurot.User", "persona_overrides")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "persona_overrides")
    persona = fields.ForeignKeyField("tzurot.Persona", "overrides")

    class Meta:
        table = "persona_overrides"
        unique_together = (("user", "character"),)


class CharacterRow(Row):
    slug = fields.CharField(max_length=characters.SLUG_LENGTH, unique=True)
    name = fields.CharField(max_length=255)
    owner = fields.ForeignKeyField("tzurot.User", "characters", null=True, on_delete=fields.SET_NULL)
    is_public = fields.BooleanField(default=True)
    is_open = fields.BooleanField(db_default=False)
    card = fields.JSONField()
    avatar_digest = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "characters"


class Avatar(Row):
    character = fields.OneToOneField("tzurot.CharacterRow", "avatar")
    content = fields.BinaryField()
    media_type = fields.CharField(max_length=32)

    class Meta:
        table = "avatars"


class CardFileRow(Row):
    character = fields.ForeignKeyField("tzurot.CharacterRow", "card_files")
    path = fields.TextField()
    content = fields.BinaryField()

    class Meta:
        table = "card_files"
        unique_together = (("character", "path"),)


class TurnRow(Row):
    origin_kind = fields.CharField(max_length=16)
    origin_id = fields.BigIntField()
    character = fields.ForeignKeyField("tzurot.CharacterRow", "turns")
    take = fields.SmallIntField(default=1)
    state = fields.CharField(max_length=16)
    place = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=16)
    user = fields.ForeignKeyField("tzurot.User", "turns")
    persona = fields.ForeignKeyField("tzurot.Persona", "turns")
    incoming = fields.JSONField()
    voice = fields.JSONField(null=True)
    accepted_at = fields.DatetimeField(auto_now_add=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "turns"
        unique_together = (("origin_kind", "origin_id", "character", "take"),)
        indexes = (Index(fields=("place", "id")), Index(fields=("user_id", "id")))


class ChunkRow(Row):
    turn = fields.ForeignKeyField("tzurot.TurnRow", "chunks")
    position = fields.SmallIntField()
    text = fields.TextField()
    state = fields.CharField(max_length=8)
    message_id = fields.BigIntField(null=True, unique=True)

    class Meta:
        table = "chunks"
        unique_together = (("turn", "position"),)


class MessageRow(Row):
    place = fields.CharField(max_length=64)
    origin_id = fields.BigIntField()
    message_ids = ArrayField("bigint")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "messages", null=True)
    persona = fields.ForeignKeyField("tzurot.Persona", "messages", null=True)
    speaker = fields.CharField(max_length=255)
    text = fields.TextField()
    tokens = fields.IntField()
    said_at = fields.DatetimeField()

    class Meta:
        table = "messages"
        unique_together = (("place", "origin_id"),)
        indexes = (Index(fields=("place", "id")),)


class MemoryRow(Row):
    """One line of a conversation between a persona and a character.

    `audience` says before whom it was said; `about_from` and `about_to` of which time it speaks, where it names one.
    `stems` is a run of little-endian uint32, the CRC-32 of each stem in order; `vector` is int8 times `scale`, of the
    encoder `space`. Archived rows are kept and not recalled.
    """

    persona = fields.ForeignKeyField("tzurot.Persona", "memories")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "memories")
    place = fields.CharField(max_length=64)
    origin_id = fields.BigIntField()
    by_character = fields.BooleanField()
    speaker = fields.CharField(max_length=255)
    text = fields.TextField()
    said_at = fields.DatetimeField()
    audience = fields.CharField(max_length=40, db_default="private")
    kind = fields.CharField(max_length=8, db_default="chat")
    sector = fields.CharField(max_length=12, db_default="episodic")
    locked = fields.BooleanField(db_default=False)
    archived = fields.BooleanField(db_default=False)
    traits = fields.SmallIntField(db_default=0)
    about_from = fields.DatetimeField(null=True)
    about_to = fields.DatetimeField(null=True)
    space = fields.CharField(max_length=32)
    stems = fields.BinaryField()
    vector = fields.BinaryField()
    scale = fields.FloatField()

    class Meta:
        table = "memories"
        unique_together = (("persona", "character", "place", "origin_id"),)
        indexes = (Index(fields=("persona_id", "character_id", "id")),)


class DreamRow(Row):
    """A step of a night's tidying up: which memories it put away, which facts it ended."""

    persona = fields.ForeignKeyField("tzurot.Persona", "dreams")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "dreams")
    step = fields.CharField(max_length=12)
    memory_ids = ArrayField("bigint")
    fact_ids = ArrayField("bigint")
    done_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "dreams"
        indexes = (Index(fields=("persona_id", "character_id", "id")),)


class FactRow(Row):
    """What a character believes of somebody.

    `status` is current, past (another value came, or it was said to be over) or retracted (it never held).
    """

    persona = fields.ForeignKeyField("tzurot.Persona", "facts")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "facts")
    subject = fields.CharField(max_length=100)
    slot = fields.CharField(max_length=60)
    value = fields.TextField()
    audience = fields.CharField(max_length=40)
    valid_from = fields.DatetimeField()
    valid_to = fields.DatetimeField(null=True)
    status = fields.CharField(max_length=10)
    origin = fields.CharField(max_length=8)
    locked = fields.BooleanField()

    class Meta:
        table = "facts"
        indexes = (Index(fields=("persona_id", "character_id", "id")),)


class FactSupportRow(Row):
    """The words a fact was read from: without any, a fact that nobody wrote by hand goes."""

    fact = fields.ForeignKeyField("tzurot.FactRow", "supports")
    memory = fields.ForeignKeyField("tzurot.MemoryRow", "supports")
    quote = fields.TextField()

    class Meta:
        table = "fact_supports"
        unique_together = (("fact", "memory"),)
        indexes = (Index(fields=("memory_id",)),)


class BlockRow(Row):
    """What was forgotten, by its meaning and without its words, so that it is not learned again.

    `slot` is empty for a line. `stems` and `vector` are as those of memories.
    """

    persona = fields.ForeignKeyField("tzurot.Persona", "blocks")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "blocks")
    slot = fields.CharField(max_length=60)
    space = fields.CharField(max_length=32)
    stems = fields.BinaryField()
    vector = fields.BinaryField()
    scale = fields.FloatField()

    class Meta:
        table = "blocks"
        indexes = (Index(fields=("persona_id", "character_id")),)


class FlightRow(Row):
    turn = fields.OneToOneField("tzurot.TurnRow", "flight")
    user = fields.ForeignKeyField("tzurot.User", "flights")
    character_name = fields.CharField(max_length=255)
    model = fields.CharField(max_length=255, default="")
    prompt_tokens = fields.IntField(default=0)
    cached_tokens = fields.IntField(default=0)
    reply_tokens = fields.IntField(default=0)
    cost_usd = fields.DecimalField(max_digits=12, decimal_places=6, null=True)
    record = fields.BinaryField()
    flown_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "flights"
        indexes = (Index(fields=("user_id", "turn_id")), Index(fields=("flown_at",)))


class DescriptionRow(Model):
    digest = fields.CharField(max_length=64, primary_key=True)
    text = fields.TextField()
    model = fields.CharField(max_length=255)
    described_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "descriptions"
        indexes = (Index(fields=("described_at",)),)


class SettingsRow(Row):
    tier = fields.CharField(max_length=16)
    subject = fields.CharField(max_length=64)
    values = fields.JSONField()

    class Meta:
        table = "settings"
        unique_together = (("tier", "subject"),)


class PresetRow(Row):
    owner = fields.ForeignKeyField("tzurot.User", "presets", null=True)
    name = fields.CharField(max_length=presets.NAME_LENGTH)
    values = fields.JSONField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "presets"
        unique_together = (("owner", "name"),)


class ApiKeyRow(Row):
    user = fields.ForeignKeyField("tzurot.User", "api_keys")
    provider = fields.CharField(max_length=32)
    key_id = fields.CharField(max_length=16)
    nonce = fields.BinaryField()
    sealed = fields.BinaryField()
    created_at = fields.DatetimeField(auto_now_add=True)
    tested_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_keys"
        unique_together = (("user", "provider"),)


class ActivationRow(Row):
    channel_id = fields.BigIntField()
    server_id = fields.BigIntField(null=True)
    character = fields.ForeignKeyField("tzurot.CharacterRow", "activations")
    activated_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "activations"
        unique_together = (("channel_id", "character"),)


class DenialRow(Row):
    kind = fields.CharField(max_length=8)
    target = fields.BigIntField()
    scope = fields.CharField(max_length=16)
    scope_id = fields.BigIntField(default=0)
    reason = fields.CharField(max_length=500, default="")
    expires_at = fields.DatetimeField(null=True)
    denied_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "denials"
        unique_together = (("kind", "target", "scope", "scope_id"),)


class AliasRow(Row):
    character = fields.ForeignKeyField("tzurot.CharacterRow", "aliases")
    user = fields.ForeignKeyField("tzurot.User", "aliases", null=True)
    alias = fields.CharField(max_length=aliases.ALIAS_LENGTH)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "aliases"


class EpochRow(Row):
    persona = fields.ForeignKeyField("tzurot.Persona", "epochs")
    character = fields.ForeignKeyField("tzurot.CharacterRow", "epochs")
    since = fields.DatetimeField()

    class Meta:
        table = "epochs"
        indexes = (Index(fields=("persona_id", "character_id", "id")),)


class LorebookRow(Row):
    owner = fields.ForeignKeyField("tzurot.User", "lorebooks", null=True, on_delete=fields.SET_NULL)
    name = fields.CharField(max_length=lorebooks.NAME_LENGTH)
    book = fields.JSONField()
    entries = fields.IntField()
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "lorebooks"


class LoreLinkRow(Row):
    lorebook = fields.ForeignKeyField("tzurot.LorebookRow", "links")
    scope = fields.CharField(max_length=16)
    subject = fields.CharField(max_length=64)

    class Meta:
        table = "lore_links"
        unique_together = (("lorebook", "scope", "subject"),)


class StandingRow(Row):
    """Only conversations whose lore has effects that last have one."""

    place = fields.CharField(max_length=64)
    character = fields.ForeignKeyField("tzurot.CharacterRow", "standings")
    seen = fields.BigIntField()
    length = fields.IntField()
    timers = fields.JSONField()

    class Meta:
        table = "standings"
        unique_together = (("place", "character"),)
