"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "tzurot").rglob("*.py"))
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
VAGUE_MODULES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
VAGUE_CLASSES = re.compile(r"(Manager|Service|Handler|Helper|Util|Factory)$")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_fits_a_head_and_names_what_it_is(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= LONGEST_FILE
    assert path.stem not in VAGUE_MODULES
    assert ast.get_docstring(tree), "a module begins with what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
        if isinstance(node, ast.ClassDef):
            assert not VAGUE_CLASSES.search(node.name), node.name


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_left_open(path: Path) -> None:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", line), f"{number}: {line}"
        assert not re.search(r"# (type|pyright): ignore(?!\[)", line), f"{number}: {line}"
        assert not re.search(r"# noqa(?!:)", line), f"{number}: {line}"


def test_every_value_that_flows_is_frozen() -> None:
    flowing = [
        ROOT / "tzurot" / "talk.py",
        ROOT / "tzurot" / "pipeline" / "turn.py",
        ROOT / "tzurot" / "cards" / "card.py",
    ]
    for path in flowing:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                assert decorators == ["dataclass(frozen=True, slots=True, kw_only=True)"], node.name


def test_no_file_names_a_registry_or_a_machine() -> None:
    forbidden = re.compile(r"pypi\.org|pythonhosted|deb\.debian|registry\.npmjs|/work/(main|shared)|/root/")
    for name in TRACKED:
        path = ROOT / name
        if path.suffix in {".png", ".gguf"} or name == "tests/house/test_rules.py" or not path.is_file():
            continue
        found = forbidden.search(path.read_text(errors="replace"))
        assert found is None, f"{name}: {found}"


def test_the_constraints_pin_every_dependency_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().split()}
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    for requirement in wanted:
        name = re.split(r"[\[<>=~]", requirement)[0].lower()
        assert name in pinned or name.replace("-", "_") in pinned, name
        assert re.search(r"<|~=", requirement), f"{name} has no upper bound"


def test_every_key_of_the_configuration_is_explained() -> None:
    from tzurot.config import Config

    written = (ROOT / "config.toml").read_text()
    for section, field in Config.model_fields.items():
        if not hasattr(field.annotation, "model_fields"):
            continue
        assert f"[{section}]" in written
        for key in field.annotation.model_fields:
            assert re.search(rf"^#?{key} = ", written, re.MULTILINE), f"{section}.{key}"


def test_the_commented_defaults_are_the_real_ones() -> None:
    from tzurot.config import Config

    written = (ROOT / "config.toml").read_text()
    examples = {
        "base_url",
        "model",
        "token",
        "api_key",
        "transcription_api_key",
        "url",
        "data_dir",
        "rest_url",
        "key",
    }  # shown by example, or empty
    section = ""
    for line in written.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        match = re.match(r"#(\w+) = (.+)", line)
        if match and match[1] not in examples:
            default = Config.model_fields[section].annotation.model_fields[match[1]].default
            value = tomllib.loads(f"x = {match[2]}")["x"]
            assert (tuple(value) if isinstance(value, list) else value) == default, f"{section}.{match[1]}"


def test_every_setting_does_something() -> None:
    catalog = ROOT / "tzurot/settings/catalog.py"
    declared = set(re.findall(r"^([A-Z_]+) = Setting\(", catalog.read_text(), re.MULTILINE))
    read = "\n".join(path.read_text() for path in SOURCES if path != catalog)
    assert len(declared) > 20
    assert {name for name in declared if not re.search(rf"\b{name}\b", read)} == set()
