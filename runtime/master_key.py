"""Master keys, which wrap the keys of persons: of the settings, or a file in the home.

The settings name one, or while a rotation lasts several, the newest first. A database remembers
by fingerprints which of them wraps new keys and which others still wrap some, so that none can be
taken for another. Who loses the keys loses what is told of persons; who gives them away with a
copy of the database gives that away.
"""

import base64
import binascii
import contextlib
import os
from pathlib import Path
from typing import Any

from msgspec import Struct
from psycopg import Connection

from eventstore.masters import (
    KEY_BYTES,
    NoMasterKey,
    look_into,
    places,
    trust_master,
    trusted_masters,
)
from runtime.secret_files import replace_secret, write_secret
from runtime.settings import Settings

_HEAD = "# Wraps the keys by which what is told of persons is read: keep it secret, and keep it.\n"

VARIABLE = "TALLYSTICK_MASTER_KEY"


class MasterKeyError(NoMasterKey):
    """A master key cannot be used; the message says why."""


class Masters(Struct, frozen=True):
    """What a process hands on to one of its own: master keys, and files to look into for others."""

    keys: list[bytes]
    files: list[str]


def to_hand_on() -> Masters:
    """Return what this process uses."""
    return Masters(trusted_masters(), [str(place) for place in places()])


def take_on(masters: Masters) -> None:
    """Use what another process hands on."""
    for key in masters.keys:
        trust_master(key)
    for name in masters.files:
        _look_into_file(Path(name))


def trust_settings(owner: Connection[Any], settings: Settings) -> None:
    """Let this process use the master keys of the settings for the owner's database.

    The first that is used with a database is the one to be used with it from then on, until a
    rotation makes another one current. A file is looked into again when that happens.

    Raises:
        MasterKeyError: if there is none to be used, or one is missing that wraps keys there.
    """
    known = fingerprints(owner)
    given = [trust_master(key) for key in keys_of(settings, make=not known)]
    if settings.master_key is None:
        _look_into_file(file_of(settings))
    if not known:
        owner.execute(
            "WITH made AS (INSERT INTO public.master_keys (fingerprint, current) VALUES (%s, true)"
            " ON CONFLICT DO NOTHING RETURNING fingerprint)"
            " INSERT INTO public.master_key_changes (changed_by, fingerprint, change)"
            " SELECT 'start', fingerprint, 'made current' FROM made",
            (given[0],),
        )
        known = fingerprints(owner)
    if missing := [one.hex() for one in known if one not in given]:
        raise MasterKeyError(
            "Keys of persons in this database are wrapped by another master key than"
            f" {place_of(settings)} has: {', '.join(missing)}."
        )


def fingerprints(owner: Connection[Any]) -> list[bytes]:
    """Return which master keys wrap keys of a database, the current one first."""
    rows = owner.execute(
        "SELECT fingerprint FROM public.master_keys ORDER BY current DESC, fingerprint"
    )
    return [bytes(fingerprint) for (fingerprint,) in rows]


def file_of(settings: Settings) -> Path:
    """Return the file of the keys, where no setting has them."""
    return settings.home / "master.key"


def place_of(settings: Settings) -> str:
    """Return where the keys are, as people know it."""
    return VARIABLE if settings.master_key else str(file_of(settings))


def keys_of(settings: Settings, *, make: bool = False) -> list[bytes]:
    """Return the keys, the newest first; one is made if there is none and `make` says so.

    Raises:
        MasterKeyError: if there is none, or what is there is none.
    """
    if settings.master_key is not None:
        return _parsed(settings.master_key.get_secret_value().replace(",", " "), VARIABLE)
    path = file_of(settings)
    if not path.exists():
        if not make:
            raise MasterKeyError(
                f"There is no {path}, by which what this database tells of persons is read. Put it"
                f" back, or set {VARIABLE}."
            )
        with _kept(), contextlib.suppress(FileExistsError):  # another process made it meanwhile
            write_secret(path, _text([new_key()]))
    return _of_file(path)


def new_key() -> bytes:
    """Return a key that nobody knows yet."""
    return os.urandom(KEY_BYTES)


def write_keys(settings: Settings, keys: list[bytes]) -> None:
    """Let the file have these keys, the newest first, whole or not at all.

    Raises:
        MasterKeyError: if it cannot be written.
    """
    with _kept():
        replace_secret(file_of(settings), _text(keys))


@contextlib.contextmanager
def _kept() -> Any:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as failure:
        raise MasterKeyError(
            f"The master key cannot be kept: {failure}. Set {VARIABLE}, or a TALLYSTICK_HOME that"
            " can be written."
        ) from None


def _text(keys: list[bytes]) -> str:
    return _HEAD + "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)


def _look_into_file(path: Path) -> None:
    look_into(path, lambda: _of_file(path))


def _of_file(path: Path) -> list[bytes]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as failure:
        raise MasterKeyError(f"The master key cannot be read: {failure}") from None
    return _parsed("\n".join(line for line in lines if not line.startswith("#")), str(path))


def _parsed(told: str, where: str) -> list[bytes]:
    keys = [_key(one) for one in told.split()]
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise MasterKeyError(f"{where} holds no master key, which is {KEY_BYTES} bytes in base64.")
    return keys


def _key(told: str) -> bytes:
    try:
        return base64.b64decode(told, validate=True)
    except binascii.Error:
        return b""
