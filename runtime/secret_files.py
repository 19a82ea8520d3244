"""Files that only the server reads: the keys that it makes itself."""

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read, whole or not at all.

    Raises:
        FileExistsError: if another process made it meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    finally:
        draft.unlink()
