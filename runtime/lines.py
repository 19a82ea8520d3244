"""What processes tell each other over pipes: a value a line."""

from typing import Any, BinaryIO

import msgspec


def write_line(stream: BinaryIO | Any, told: object) -> None:
    """Write a value to another process."""
    stream.write(msgspec.json.encode(told) + b"\n")
    stream.flush()
