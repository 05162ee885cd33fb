"""Secrets at rest: AES-256-GCM under a key that lies beside the data, or comes from the configuration.

A sealed secret names the key it was sealed with, so that keys can be changed one after the other, and is bound to what
it belongs to: the bytes of one person's secret open nothing when they are put into another person's row.
"""

from __future__ import annotations

import base64
import binascii
import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "vault.key"


class Sealed(NamedTuple):
    key_id: str
    nonce: bytes
    sealed: bytes


class Vault:
    """`keys` are 32 bytes each; the first one seals, all of them open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {key_id_of(key): key for key in keys}
        self._current = key_id_of(keys[0])

    def seal(self, secret: str, bound_to: str) -> Sealed:
        nonce = os.urandom(NONCE_BYTES)
        cipher = _cipher(self._keys[self._current])
        return Sealed(self._current, nonce, cipher.encrypt(nonce, secret.encode(), bound_to.encode()))

    def open(self, sealed: Sealed, bound_to: str) -> str:
        """The secret.

        Raises:
            Invalid: the key it was sealed with is not here, or it was sealed for something else.

        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        key = self._keys.get(sealed.key_id)
        try:
            if key is not None:
                return _cipher(key).decrypt(sealed.nonce, sealed.sealed, bound_to.encode()).decode()
        except InvalidTag:
            pass
        raise Invalid(
            "vault.key_missing",
            "A stored API key cannot be opened with the vault's key.",
            "Enter it again with /settings apikey set; the host may restore the old vault.key.",
        )


def key_id_of(key: bytes) -> str:
    """A short name of a key that tells nothing about it."""
    return sha256(b"tzurot vault key id:" + key).hexdigest()[:16]


def read_keys(text: str) -> list[bytes]:
    """Keys in base64 (32 bytes each), separated by commas or lines; the first one seals.

    Raises:
        Invalid: it is something else.

    """
    keys: list[bytes] = []
    for part in text.replace(",", "\n").split():
        try:
            key = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise Invalid(
                "vault.key",
                "vault.key is not a key of 32 bytes in base64.",
                "Leave it empty to have one made, or make one with `openssl rand -base64 32`.",
            )
        keys.append(key)
    return keys


def open_vault(configured: str, directory: Path) -> Vault:
    """The vault of the configured keys; without any, of a key that is made once and kept in the data directory."""
    keys = read_keys(configured)
    return Vault(keys or [_kept_key(directory / KEY_FILE)])


def _kept_key(file: Path) -> bytes:
    try:
        (key,) = read_keys(file.read_text())
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        key = os.urandom(KEY_BYTES)
        # readable by its owner alone from its first moment; of two processes that make it one wins
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _kept_key(file)
        with os.fdopen(descriptor, "wb") as made:
            made.write(base64.b64encode(key) + b"\n")
    return key


def _cipher(key: bytes):  # noqa: ANN202 - its type is imported with it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - 20 MB that most turns never need

    return AESGCM(key)
