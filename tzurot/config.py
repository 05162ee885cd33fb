"""The configuration: `config.toml`, every key also as `TZUROT_SECTION__KEY`; the only reader of the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from tzurot.errors import Invalid

ROOT = Path(__file__).resolve().parent.parent
CONFIG_FILE = "config.toml"
ELSEWHERE = {"CONFIG", "SHARED"}  # read elsewhere


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSection(Section):
    token: SecretStr = SecretStr("")
    rest_url: str = ""
    owner_ids: Annotated[tuple[int, ...], NoDecode] = ()

    @field_validator("owner_ids", mode="before")
    @classmethod
    def also_with_commas(cls, ids: object) -> object:
        """`1, 2` and `[1, 2]` as well as a list."""
        return [part for part in re.split(r"[\s,]+", ids.strip("[] ")) if part] if isinstance(ids, str) else ids


class DatabaseSection(Section):
    url: SecretStr = SecretStr("")
    data_dir: Path | None = None


class LlmSection(Section):
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    guest_model: str = ""
    vision_model: str = ""
    providers: dict[str, str] = {}
    context_tokens: int = Field(default=16384, ge=1024)
    reply_tokens: int = Field(default=800, ge=16)
    temperature: float = Field(default=0.9, ge=0, le=2)
    first_token_s: float = Field(default=60, gt=0)
    stall_s: float = Field(default=30, gt=0)
    total_s: float = Field(default=180, gt=0)
    attempts: int = Field(default=3, ge=1, le=10)
    reply_limit_bytes: int = Field(default=32 * 1024, ge=1024)

    @model_validator(mode="after")
    def leaves_room_for_a_prompt(self) -> LlmSection:
        if self.reply_tokens > self.context_tokens // 2:
            raise ValueError("reply_tokens may take at most half of context_tokens")
        return self

    @field_validator("base_url")
    @classmethod
    def has_a_scheme(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://, for example http://localhost:11434/v1")
        return url.rstrip("/")


class ConversationSection(Section):
    history_messages: int = Field(default=50, ge=1, le=500)
    memories: int = Field(default=12, ge=0, le=100)
    references: int = Field(default=10, ge=0, le=50)
    lane_limit: int = Field(default=20, ge=1)
    turns_at_once: int = Field(default=24, ge=1)
    turns_per_minute: int = Field(default=60, ge=1)
    turns_per_minute_here: int = Field(default=120, ge=1)

    def settings(self) -> dict[str, int]:
        """What of this is a default of the settings that people tune, where it was given."""
        tuned = {"history_messages": self.history_messages, "memories": self.memories}
        return {key: value for key, value in tuned.items() if key in self.model_fields_set}


class CharactersSection(Section):
    default: str = "maren"


class MemorySection(Section):
    encoder: Literal["static", "minilm"] = "static"
    upkeep: bool = True
    quota: int = Field(default=10_000, ge=100)


class VoiceSection(Section):
    transcription_url: str = ""
    transcription_model: str = "whisper-1"
    transcription_api_key: SecretStr = SecretStr("")
    longest_s: float = Field(default=300, gt=0)

    @field_validator("transcription_url")
    @classmethod
    def has_a_scheme(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://, for example https://api.openai.com/v1")
        return url.rstrip("/")


class HealthSection(Section):
    port: int = Field(default=8080, ge=0, le=65535)
    host: str = "127.0.0.1"
    public_url: str = ""


class VaultSection(Section):
    key: SecretStr = SecretStr("")


class LogSection(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Config(BaseSettings):
    """Every section frozen; an unknown key or a value out of bounds is refused when the process starts."""

    model_config = SettingsConfigDict(
        env_prefix="TZUROT_", env_nested_delimiter="__", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    discord: DiscordSection = DiscordSection()
    database: DatabaseSection = DatabaseSection()
    llm: LlmSection = LlmSection()
    conversation: ConversationSection = ConversationSection()
    characters: CharactersSection = CharactersSection()
    memory: MemorySection = MemorySection()
    voice: VoiceSection = VoiceSection()
    health: HealthSection = HealthSection()
    vault: VaultSection = VaultSection()
    log: LogSection = LogSection()

    # the names that hosts and other tools already use
    discord_token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("DISCORD_TOKEN"))
    database_url: SecretStr | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL"))
    openrouter_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENROUTER_API_KEY"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in wins over the environment, and the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def token(self) -> str:
        return _either("TZUROT_DISCORD__TOKEN", self.discord.token, self.discord_token)

    @property
    def dsn(self) -> str:
        return _either("TZUROT_DATABASE__URL", self.database.url, self.database_url)

    @property
    def llm_key(self) -> str:
        """The key for the server in use: OpenRouter's own is sent to nobody else."""
        own = self.llm.api_key.get_secret_value()
        to_openrouter = (urlsplit(self.llm_base_url).hostname or "").endswith("openrouter.ai")
        return own or (_secret(self.openrouter_api_key) if to_openrouter else "")

    @property
    def llm_base_url(self) -> str:
        """The configured server; a bare OpenRouter key names its server too."""
        if self.llm.base_url or not _secret(self.openrouter_api_key):
            return self.llm.base_url
        return "https://openrouter.ai/api/v1"

    @property
    def data_dir(self) -> Path:
        """Where the embedded database lives: as configured, else `/var/lib/tzurot` for root, else in the home."""
        if self.database.data_dir is not None:
            return self.database.data_dir.expanduser().absolute()
        if os.geteuid() == 0:
            return Path("/var/lib/tzurot")
        home = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()  # noqa: TID251
        return Path(home).absolute() / "tzurot"

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log's redaction."""
        password = urlsplit(self.dsn).password or ""
        vault = self.vault.key.get_secret_value().replace(",", " ").split()
        kept = (
            self.token,
            self.dsn,
            password,
            unquote(password),
            self.llm_key,
            _secret(self.openrouter_api_key),
            self.voice.transcription_api_key.get_secret_value(),
            *vault,
        )
        return tuple(value for value in kept if value)


def _either(variable: str, own: SecretStr, alias: SecretStr | None) -> str:
    """A key under its own name or its usual one: the environment before the file, its own name before the other."""
    if os.environ.get(variable):  # noqa: TID251
        return own.get_secret_value()
    return _secret(alias) or own.get_secret_value()


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""


def config_file() -> Path:
    """`$TZUROT_CONFIG`, else `config.toml` of the working directory, else the one beside the code."""
    named = os.environ.get("TZUROT_CONFIG")  # noqa: TID251
    if named:
        return Path(named)
    here = Path(CONFIG_FILE)
    return here if here.is_file() else ROOT / CONFIG_FILE


def load(**overrides: object) -> Config:
    """Read file and environment; what is wrong is named by its key.

    Raises:
        Invalid: a key that does not exist, a value out of its bounds, or a file that is not TOML.

    """
    known = {section.upper() for section in Config.model_fields} | ELSEWHERE
    for name in os.environ:  # noqa: TID251
        if name.startswith("TZUROT_") and name.removeprefix("TZUROT_").partition("__")[0] not in known:
            raise Invalid("config.unknown", f"There is no setting {name}.", "config.toml lists all there are.")
    try:
        return Config(**overrides)  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        raise Invalid(
            "config.invalid",
            f"The configuration cannot be used: {problems}.",
            f"Correct {config_file()} or the TZUROT_… variable of that name.",
        ) from None
    except SettingsError as error:
        raise Invalid(
            "config.invalid", f"The configuration cannot be used: {error}.", "Correct the TZUROT_… variable it names."
        ) from None
    except ValueError as error:
        raise Invalid(
            "config.not_toml", f"{config_file()} is not valid TOML: {error}.", "Correct the line it names."
        ) from None
