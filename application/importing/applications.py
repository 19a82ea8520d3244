"""Payment applications of an export, staged until the document they apply to is read.

They wait in a file without a name, which goes with the process; in memory are 24 bytes a row.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from application.importing.manifest import Flags, Hashes, Manifest
from application.importing.source import key_hash
from domain.shared.rows import KEY_SEPARATOR

LEFTOVERS_PAGE = 2_000
"""Documents whose left-over applications are taken at once."""

_LINE_BREAK = ord("\n")

Offsets = npt.NDArray[np.int64]


class StagedApplication(Struct, frozen=True, array_like=True, gc=False):
    """A row of payment applications that waits for its document.

    `udfs` are its user-defined fields, where it has any or may have had some: where the row's key
    is `known` from the last export.
    """

    company_id: str
    payment_id: str
    tran_id: str
    amount: Decimal
    applied_date: date
    line: int
    udfs: tuple[str | None, ...] | None = None
    known: bool = False


_FACTS = 5
"""Values of a row before its user-defined fields."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[StagedApplication])


class StagedApplications:
    """The news among the applications, found by the hash of their document's key."""

    def __init__(self, file: str, manifest: Manifest) -> None:
        self._manifest = manifest
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `close`)
        self._size = 0
        self._runs: list[tuple[Hashes, Offsets, Offsets]] = []
        self._documents: Hashes = np.zeros(0, dtype=np.uint64)
        self._starts: Offsets = np.zeros(0, dtype=np.int64)
        self._ends: Offsets = np.zeros(0, dtype=np.int64)
        self._met: Flags = np.zeros(0, dtype=np.bool_)
        self.file = file

    def close(self) -> None:
        """Forget what is staged."""
        self._kept.close()

    def stage(self, rows: Sequence[tuple[Sequence[Any], int, bool]]) -> None:
        """Stage rows: their values and lines, and whether their keys are known."""
        if not rows:
            return
        hashes = np.fromiter(
            (key_hash(f"{values[0]}{KEY_SEPARATOR}{values[2]}") for values, *_ in rows),
            np.uint64,
            len(rows),
        )
        lines = _encoder.encode_lines([_staged(*row) for row in rows])
        ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _LINE_BREAK) + self._size
        self._runs.append((hashes, np.concatenate(([self._size], ends[:-1] + 1)), ends))
        self._kept.write(lines)
        self._size += len(lines)

    def end(self) -> None:
        """Make the staged applications findable; none are staged after this."""
        self._kept.flush()
        if self._runs:
            hashes, starts, ends = (
                np.concatenate(parts) for parts in zip(*self._runs, strict=True)
            )
            order = np.argsort(hashes, kind="stable")  # those of a document stay in file order
            self._documents, self._starts, self._ends = hashes[order], starts[order], ends[order]
            self._runs = []
        self._met = np.zeros(len(self._documents), dtype=np.bool_)

    def awaited(self, documents: Hashes) -> Flags:
        """Return which documents have staged applications."""
        if not len(self._documents):
            return np.zeros(len(documents), dtype=np.bool_)
        places = np.searchsorted(self._documents, documents)
        places[places == len(self._documents)] = 0
        return self._documents[places] == documents

    def take(self, documents: Hashes) -> dict[tuple[str, str], list[StagedApplication]]:
        """Return the applications to these documents, by company and document."""
        places = self._places(documents)
        self._met[places] = True
        return self._fetch(places)

    def give_back(self, document: int) -> None:
        """Note that a document's own row came to nothing: its applications are left over."""
        self._met[self._places(np.array([document], dtype=np.uint64))] = False

    def leftovers(self) -> Iterator[dict[tuple[str, str], list[StagedApplication]]]:
        """Yield the applications to documents that the export does not hold."""
        left = np.unique(self._documents[~self._met])
        for start in range(0, len(left), LEFTOVERS_PAGE):
            yield self._fetch(self._places(left[start : start + LEFTOVERS_PAGE]))

    def drop(self, one: StagedApplication) -> None:
        """Note that an application was rejected; it is looked at again next time."""
        key = KEY_SEPARATOR.join((one.company_id, one.payment_id, one.tran_id))
        self._manifest.drop(key_hash(key))

    def _places(self, documents: Hashes) -> npt.NDArray[np.intp]:
        """Return where the applications to these documents stand among all."""
        first = np.searchsorted(self._documents, documents)
        counts = np.searchsorted(self._documents, documents, side="right") - first
        before = np.cumsum(counts) - counts
        return np.repeat(first - before, counts) + np.arange(int(counts.sum()))

    def _fetch(
        self, places: npt.NDArray[np.intp]
    ) -> dict[tuple[str, str], list[StagedApplication]]:
        kept = self._kept.fileno()
        places = places[np.argsort(self._starts[places])]  # in file order
        starts: list[int] = self._starts[places].tolist()
        ends: list[int] = self._ends[places].tolist()
        told = [os.pread(kept, end - at, at) for at, end in zip(starts, ends, strict=True)]
        found: dict[tuple[str, str], list[StagedApplication]] = {}
        for one in _decoder.decode(b"[%s]" % b",".join(told)):
            found.setdefault((one.company_id, one.tran_id), []).append(one)
        return found


def _staged(values: Sequence[Any], line: int, known: bool) -> Sequence[Any]:
    """Return a row as it is kept, most without the fields that they do not have."""
    if known or any(values[_FACTS:]):
        return (*values[:_FACTS], line, values[_FACTS:], known)
    return (*values[:_FACTS], line)
