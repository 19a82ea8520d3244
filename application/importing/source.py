"""The port to an export: files of the contract, as rows with a key and a hash of their contents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from xxhash import xxh3_64_intdigest

from domain.shared.rows import BadRow


class SourceFault(Protocol):
    """What of a file could not be read as a row."""

    @property
    def file(self) -> str:
        """The file's name."""
        ...

    @property
    def line(self) -> int:
        """The line at fault; the header is line 1."""
        ...

    @property
    def column(self) -> str | None:
        """The column at fault, if one is."""
        ...

    @property
    def reason(self) -> str:
        """Why, in words."""
        ...


class SourcePage(Protocol):
    """Some rows of a file."""

    @property
    def lines(self) -> Sequence[int]:
        """The line on which each row begins."""
        ...

    @property
    def contents(self) -> Sequence[int]:
        """A 64-bit hash of what each row says, and of how it is read."""
        ...

    @property
    def faults(self) -> Sequence[SourceFault]:
        """What could not be read as a row; rows may join when they are asked for their keys."""
        ...

    @property
    def size(self) -> int:
        """How many bytes of the file the page took."""
        ...

    def keys(self, numbers: Sequence[int]) -> Sequence[str | None]:
        """Return the keys of rows, their parts joined by `KEY_SEPARATOR`.

        In the place of one that turns out to be no row stands None.
        """
        ...

    def companies(self) -> set[str]:
        """Return the companies that the rows are of."""
        ...

    def values(self, numbers: Sequence[int]) -> Sequence[Sequence[Any] | BadRow]:
        """Return the values of rows by column of their kind, None for unknown.

        In the place of a row that has a value which is none of its column's type stands why.
        """
        ...


class Source(Protocol):
    """A file of the contract."""

    @property
    def kind(self) -> str:
        """Which file of the contract it stands for, such as companies."""
        ...

    @property
    def file(self) -> str:
        """The file's own name."""
        ...

    @property
    def columns(self) -> Mapping[str, str]:
        """What the file calls columns of the contract that it has under names of its own."""
        ...

    @property
    def size(self) -> int:
        """Its size in bytes."""
        ...

    def pages(self) -> Iterable[SourcePage]:
        """Yield the rows in pages, in bounded memory."""
        ...


def key_hash(key: str) -> int:
    """Return the 64-bit hash that stands for a key."""
    return xxh3_64_intdigest(key.encode())


def foreign_columns(sources: Sequence[Source]) -> dict[tuple[str, str], str]:
    """Return what files call columns of the contract, by file and column.

    A column that several kinds take from different columns of one file is not told.
    """
    told: dict[tuple[str, str], set[str]] = {}
    for source in sources:
        for ours, theirs in source.columns.items():
            told.setdefault((source.file, ours), set()).add(theirs)
    return {place: next(iter(names)) for place, names in told.items() if len(names) == 1}
