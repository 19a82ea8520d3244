"""The keys that sign checkpoints: a file that only the server reads, made when first needed.

A line for each key: public ones of the past, and the private one that signs now as the last. The
name of the keys is where the logs come from (their origin), and is chosen once.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from eventstore.proofs.notes import (
    NoteError,
    SignerKey,
    VerifierKey,
    new_signer,
    parsed_signer,
    parsed_verifier,
)
from runtime.secret_files import write_secret
from runtime.settings import Settings

_HEAD = "# Keys that sign checkpoints. The last one is private: keep it secret, and keep it.\n"


class AuditKeysError(Exception):
    """The file of keys cannot be used; the message says why."""


class AuditKeys(Struct, frozen=True):
    """The key that signs now, and the public keys of all times, the newest last."""

    signer: SignerKey
    verifiers: Sequence[VerifierKey]


def audit_keys(settings: Settings) -> AuditKeys:
    """Return the keys, with a first one made if there is no file of them.

    Raises:
        AuditKeysError: if the file cannot be used.
    """
    path = _path(settings)
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process made it meanwhile
            _create(path, [new_signer(settings.audit_name).text()])
    return _read(path)


def rotate(settings: Settings, signer: SignerKey) -> AuditKeys:
    """Let a new key sign from now on; the one that did stays known by its public key.

    Raises:
        AuditKeysError: if the file cannot be used.
    """
    keys, path = audit_keys(settings), _path(settings)
    lines = [*(str(one) for one in keys.verifiers), signer.text()]
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    _create(beside, lines)
    beside.replace(path)
    return _read(path)


def _path(settings: Settings) -> Path:
    return settings.audit_keys or settings.home / "audit.keys"


def _create(path: Path, lines: Sequence[str]) -> None:
    write_secret(path, _HEAD + "".join(f"{line}\n" for line in lines))


def _read(path: Path) -> AuditKeys:
    try:
        told = path.read_text(encoding="utf-8").splitlines()
    except OSError as failure:
        raise AuditKeysError(f"The keys that sign checkpoints cannot be read: {failure}") from None
    lines = [line.strip() for line in told if line.strip() and not line.startswith("#")]
    if not lines:
        raise AuditKeysError(f"{path} holds no key.")
    try:
        signer = parsed_signer(lines[-1])
        past = [parsed_verifier(line) for line in lines[:-1]]
    except NoteError as failure:
        raise AuditKeysError(f"{path}: {failure}") from None
    return AuditKeys(signer, [*past, signer.verifier])
