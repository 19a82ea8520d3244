"""Files that only the server reads: the keys that it makes itself."""

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read, whole or not at all.

    Raises:
        FileExistsError: if another process made it meanwhile.
    """
    draft = _draft(path, text)
    try:
        path.hardlink_to(draft)
    finally:
        draft.unlink()


def replace_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read in the place of another, whole or not at all."""
    _draft(path, text).replace(path)
    number = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _draft(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
