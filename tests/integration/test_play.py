"""`tzurot play` as a newcomer meets it: a pipe, the embedded database, and the real small model."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tzurot.llm.local import small_model_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(small_model_file() is None, reason="the extra `local` is not installed")


async def play(data_dir: Path, *lines: str, arguments: tuple[str, ...] = ()) -> tuple[str, str, int]:
    """Standard output, standard error and exit code of a piped session."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TZUROT_")}  # noqa: TID251
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tzurot", "play", "--as", "Ida", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**kept, "TZUROT_DATABASE__DATA_DIR": str(data_dir), "TZUROT_CONFIG": os.devnull},
    )
    out, side = await process.communicate("".join(f"{line}\n" for line in lines).encode())
    assert process.returncode is not None
    return out.decode(), side.decode(), process.returncode


async def test_the_small_model_answers_and_the_next_run_remembers(tmp_path: Path) -> None:
    out, side, code = await play(tmp_path / "data", "Hello, who are you?")
    assert code == 0, side
    assert out.strip(), side
    assert "135 million parameters" in side
    out, side, code = await play(tmp_path / "data", "And what did I just ask?", "/inspect", "/memory")
    assert code == 0, side
    assert out.strip()
    prompt = side[side.index("[system]") :]
    assert "Ida: Hello, who are you?" in prompt
    assert "4 memories" in side


async def test_the_shell_lists_switches_and_explains(tmp_path: Path) -> None:
    out, side, code = await play(
        tmp_path / "data", "/characters", "/switch quill", "/switch nobody", "/inspect", "/what", "/quit", "never read"
    )
    assert (out, code) == ("", 0)
    assert "Tamsin" in side
    assert "You are talking with Quill." in side
    assert "There is no character “nobody” here." in side
    assert "nothing to inspect yet" in side
    assert "Type to talk." in side
    _, side, code = await play(tmp_path / "data", "hello", arguments=("--model", "nothere"))
    assert code == 1
    assert "No server on this machine has a model called “nothere”." in side
    _, side, code = await play(tmp_path / "data", arguments=("--character", "nobody"))
    assert code == 1
    assert "There is no character “nobody” here." in side
