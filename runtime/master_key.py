"""The master key, which wraps the keys of persons: of the settings, or a file in the home.

A database remembers which key it is by a fingerprint, so that none can be taken for another. Who
loses the key loses what is told of persons; who gives it away with a copy of the database gives
that away.
"""

import base64
import binascii
import contextlib
import os
from pathlib import Path
from typing import Any

from psycopg import Connection

from eventstore.encryption import KEY_BYTES, trust_master
from runtime.secret_files import write_secret
from runtime.settings import Settings

_HEAD = "# Wraps the keys by which what is told of persons is read: keep it secret, and keep it.\n"


class MasterKeyError(Exception):
    """The master key cannot be used; the message says why."""


def trust_settings(owner: Connection[Any], settings: Settings) -> None:
    """Let this process use the master key of the settings for the owner's database.

    The first that is used with a database is the one to be used with it from then on.

    Raises:
        MasterKeyError: if there is none to be used, or it is not that of the database.
    """
    known = _fingerprint(owner)
    fingerprint = trust_master(_key(settings, make=known is None))
    if known is None:
        owner.execute(
            "INSERT INTO public.master_key (fingerprint) VALUES (%s) ON CONFLICT DO NOTHING",
            (fingerprint,),
        )
        known = _fingerprint(owner)
    if known != fingerprint:
        raise MasterKeyError(
            "The keys of persons in this database are wrapped by another master key than that of"
            f" {'TALLYSTICK_MASTER_KEY' if settings.master_key else _path(settings)}."
        )


def _fingerprint(owner: Connection[Any]) -> bytes | None:
    row = owner.execute("SELECT fingerprint FROM public.master_key").fetchone()
    return None if row is None else bytes(row[0])


def _path(settings: Settings) -> Path:
    return settings.home / "master.key"


def _key(settings: Settings, *, make: bool) -> bytes:
    """Return the key, which is made if there is none and `make` says so."""
    if settings.master_key is not None:
        return _parsed(settings.master_key.get_secret_value(), "TALLYSTICK_MASTER_KEY")
    path = _path(settings)
    if not path.exists():
        if not make:
            raise MasterKeyError(
                f"There is no {path}, by which what this database tells of persons is read. Put it"
                " back, or set TALLYSTICK_MASTER_KEY."
            )
        _make(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as failure:
        raise MasterKeyError(f"The master key cannot be read: {failure}") from None
    return _parsed("".join(line for line in lines if not line.startswith("#")), str(path))


def _make(path: Path) -> None:
    told = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    try:
        with contextlib.suppress(FileExistsError):  # another process made it meanwhile
            write_secret(path, f"{_HEAD}{told}\n")
    except OSError as failure:
        raise MasterKeyError(
            f"The master key cannot be kept: {failure}. Set TALLYSTICK_MASTER_KEY, or a"
            " TALLYSTICK_HOME that can be written."
        ) from None


def _parsed(told: str, where: str) -> bytes:
    try:
        key = base64.b64decode(told.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{where} holds no master key, which is {KEY_BYTES} bytes in base64.")
    return key
