"""Where a setting comes from, which of two wins, and how a wrong one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tzurot.config import load
from tzurot.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty config.toml, and nothing in the environment."""
    for name in ("DISCORD_TOKEN", "DATABASE_URL", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.toml"
    path.write_text("")
    monkeypatch.setenv("TZUROT_CONFIG", str(path))
    return path


def test_the_environment_beats_the_file_and_what_is_passed_in_beats_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[llm]\nmodel = "file"\nattempts = 7\n[health]\nport = 1\n')
    monkeypatch.setenv("TZUROT_LLM__MODEL", "environment")
    monkeypatch.setenv("TZUROT_HEALTH__PORT", "2")
    config = load(health={"port": 3})
    assert (config.llm.model, config.llm.attempts, config.health.port) == ("environment", 7, 3)
    assert config.llm.stall_s == 30


def test_the_names_other_tools_use_are_understood(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load().token, load().dsn, load().llm_key, load().llm_base_url) == ("", "", "", "")
    monkeypatch.setenv("DISCORD_TOKEN", "other-token")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/d")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-other")
    config = load()
    assert (config.token, config.dsn, config.llm_key) == ("other-token", "postgres://u:p@h/d", "sk-other")
    assert config.llm_base_url == "https://openrouter.ai/api/v1"
    assert set(config.secrets()) >= {"other-token", "postgres://u:p@h/d", "sk-other"}
    monkeypatch.setenv("TZUROT_DISCORD__TOKEN", "own-token")
    monkeypatch.setenv("TZUROT_LLM__BASE_URL", "http://localhost:1/v1/")
    assert (load().token, load().llm_base_url) == ("own-token", "http://localhost:1/v1")


@pytest.mark.parametrize(
    ("written", "variables", "named"),
    [
        ('[llm]\nmodle = "x"\n', {}, "llm.modle: "),
        ("[discrod]\n", {}, "discrod: "),
        ("", {"TZUROT_LLM__MODLE": "x"}, "llm.modle: "),
        ("", {"TZUROT_HEALTH__PORT": "70000"}, "health.port: "),
        ("[llm]\nattempts = 0\n", {}, "llm.attempts: "),
        ('[llm]\nbase_url = "localhost:11434"\n', {}, "llm.base_url: "),
        ('[log]\nlevel = "LOUD"\n', {}, "log.level: "),
        ("[llm\n", {}, "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(
    file: Path, monkeypatch: pytest.MonkeyPatch, written: str, variables: dict[str, str], named: str
) -> None:
    file.write_text(written)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Invalid) as refused:
        load()
    assert named in refused.value.sentence
    assert str(file) in str(refused.value)


def test_no_secret_is_in_what_a_configuration_prints(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "TZUROT_DISCORD__TOKEN": "canary-one",
        "TZUROT_DATABASE__URL": "postgres://u:canary-two@h/d",
        "TZUROT_LLM__API_KEY": "canary-three",
        "DISCORD_TOKEN": "canary-four",
        "DATABASE_URL": "canary-five",
        "OPENROUTER_API_KEY": "canary-six",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    config = load()
    assert config.token == "canary-one"
    assert "canary" not in f"{config!r}{config}{config.model_dump()}{config.model_dump_json()}"
