"""Payment applications of an export, staged until the document they apply to is read."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from application.importing.manifest import Flags, Hashes, Manifest
from application.importing.source import key_hash
from domain.shared.rows import KEY_SEPARATOR
from eventstore.importing import ImportSession, StagedApplication

LEFTOVERS_PAGE = 2_000
"""Documents whose left-over applications are taken at once."""


class StagedApplications:
    """The news among the applications, found by the hash of their document's key."""

    def __init__(self, session: ImportSession, file: str, manifest: Manifest) -> None:
        self._session = session
        self._manifest = manifest
        self._runs: list[Hashes] = []
        self._documents: Hashes = np.zeros(0, dtype=np.uint64)
        self._met: Flags = np.zeros(0, dtype=np.bool_)
        self.file = file

    def stage(self, rows: Sequence[tuple[Sequence[Any], int]]) -> None:
        """Stage rows: their values and lines."""
        staged: list[StagedApplication] = []
        for (company_id, payment_id, tran_id, amount, applied_date), line in rows:
            hashed = signed(key_hash(f"{company_id}{KEY_SEPARATOR}{tran_id}"))
            staged.append(
                StagedApplication(
                    hashed, company_id, tran_id, payment_id, amount, applied_date, line
                )
            )
        if staged:
            self._session.stage(staged)
            hashes = np.fromiter((one.key_hash for one in staged), np.int64, len(staged))
            self._runs.append(hashes.astype(np.uint64))

    def end(self) -> None:
        """Make the staged applications findable; none are staged after this."""
        if self._runs:
            self._documents = np.unique(np.concatenate(self._runs))
            self._runs = []
            self._session.end_staging()
        self._met = np.zeros(len(self._documents), dtype=np.bool_)

    def awaited(self, documents: Hashes) -> Flags:
        """Return which documents have staged applications."""
        if not len(self._documents):
            return np.zeros(len(documents), dtype=np.bool_)
        return self._documents[self._places(documents)] == documents

    def take(self, documents: Hashes) -> dict[tuple[str, str], list[StagedApplication]]:
        """Return the applications to these documents, by company and document."""
        if not len(documents):
            return {}
        self._met[self._places(documents)] = True
        return self._fetch(documents)

    def give_back(self, document: int) -> None:
        """Note that a document's own row came to nothing: its applications are left over."""
        hashed = np.array([document], dtype=np.uint64)
        if self.awaited(hashed)[0]:
            self._met[self._places(hashed)] = False

    def leftovers(self) -> Iterator[dict[tuple[str, str], list[StagedApplication]]]:
        """Yield the applications to documents that the export does not hold."""
        left = self._documents[~self._met]
        for start in range(0, len(left), LEFTOVERS_PAGE):
            yield self._fetch(left[start : start + LEFTOVERS_PAGE])

    def drop(self, one: StagedApplication) -> None:
        """Note that an application was rejected; it is looked at again next time."""
        key = KEY_SEPARATOR.join((one.company_id, one.payment_id, one.tran_id))
        self._manifest.drop(key_hash(key))

    def _places(self, documents: Hashes) -> npt.NDArray[np.intp]:
        places = np.searchsorted(self._documents, documents)
        places[places == len(self._documents)] = 0
        return places

    def _fetch(self, documents: Hashes) -> dict[tuple[str, str], list[StagedApplication]]:
        found: dict[tuple[str, str], list[StagedApplication]] = {}
        for one in self._session.staged(documents.astype(np.int64).tolist()):
            found.setdefault((one.company_id, one.tran_id), []).append(one)
        return found


def signed(hashed: int) -> int:
    """Return a hash as PostgreSQL's bigint holds it."""
    return hashed - (1 << 64) if hashed >> 63 else hashed
