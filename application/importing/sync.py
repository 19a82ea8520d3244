"""A sync: an ERP's export into the log.

Files are read in pages. Rows that look as they did in the last sync are passed over; the others
become commands, and what the deciders answer is appended batch by batch while the next rows are
read. Payment applications are staged first, so that a document meets them in one decision. A
sync that is cut off anywhere leaves whole appends; the next one finds what is missing.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import numpy as np
from msgspec import Struct

from application.importing import rows
from application.importing.appending import AppendedBatch, Appender, Task
from application.importing.applications import StagedApplications
from application.importing.manifest import Hashes, Manifest
from application.importing.rows import DEFAULT_HOME_CURRENCY
from application.importing.source import Source, SourcePage, key_hash
from domain.account import ACCOUNT, ImplyAccount
from domain.company import COMPANY, CompanyDocument, ImportCompany, Registered
from domain.contact import CONTACT
from domain.invoice import INVOICE, Application, ApplyPayments
from domain.payment import PAYMENT
from domain.shared.decider import Decider
from domain.shared.rows import KEY_SEPARATOR, BadRow
from domain.shared.streams import stream_key
from domain.sync_run import SYNC_RUN, CompleteSync, SyncCompleted
from eventstore.importing import ImportSession, StagedApplication

REJECTED_LISTED_MAX = 100_000
"""Rejected rows told one by one; more are only counted."""


class Rejected(Struct, frozen=True):
    """A row that was not taken over."""

    file: str
    line: int
    column: str | None
    reason: str


class Outcome(Struct):
    """What a sync did; counts are rows of all files together."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = []
    rejected_count: int = 0
    events: int = 0
    position: int = 0


class SyncBusy(Exception):
    """Another sync of the tenant is running."""


class _Row(Struct, gc=False):
    """A row that is looked at: where it stands, what it says and whether it is known.

    A row that itself `says_news` is counted as new or changed; one that is only looked at for
    the applications it meets is not.
    """

    file: str
    line: int
    values: list[Any]
    known: bool
    says_news: bool
    applications: Sequence[StagedApplication]


class Sync:
    """One run over an export, for one tenant."""

    def __init__(
        self,
        session: ImportSession,
        *,
        actor: str,
        business_date: date,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.run_id = str(uuid4())
        self.outcome = Outcome()
        self.companies: set[str] = set()
        """The companies whose invoices the export holds."""
        self._session = session
        self._business_date = business_date
        self._progress = progress
        self._appender = Appender(
            session, actor=actor, business_date=business_date, cause=f"sync/{self.run_id}"
        )
        self._home: dict[str, str] = {}
        self._accounts: set[tuple[str, ...]] | None = None
        self._applications: StagedApplications | None = None
        self._manifests: dict[str, Manifest] = {}
        self._takers: dict[str, Callable[[_Row], None]] = {
            "companies": self._take_company,
            "customers": self._take_account,
            "contacts": self._take_contact,
            "payments": self._take_payment,
            "invoices": self._take_invoice,
        }

    def run(self, sources: Sequence[Source]) -> Outcome:
        """Load `sources`, which come in the order of the contract's kinds.

        Raises:
            SyncBusy: if another sync of the tenant is running.
        """
        if not self._session.try_lock():
            raise SyncBusy
        try:
            with self._session.staging():
                self._load_companies()
                for source in sources:
                    self._read(source)
                if self._applications is not None:
                    self._apply_leftovers(self._applications)
                self._count(self._appender.finish())
                self._finish()
        finally:
            self._appender.close()
            self._session.unlock()
        self.outcome.position = self._session.head()
        return self.outcome

    def saw_invoice(self, company_id: str, tran_id: str) -> bool:
        """Whether the export held a row of this document."""
        manifest = self._manifests.get("invoices")
        key = key_hash(f"{company_id}{KEY_SEPARATOR}{tran_id}")
        return manifest is not None and bool(manifest.saw(np.array([key], dtype=np.uint64))[0])

    def _load_companies(self) -> None:
        histories = self._session.load(self._session.streams_of(COMPANY.category))
        for history in histories.values():
            state = COMPANY.replay(history.events)
            if isinstance(state, Registered):
                self._home[state.document.company_id] = state.document.home_currency

    def _read(self, source: Source) -> None:
        manifest = self._manifests[source.kind] = Manifest(self._session, source.kind)
        if source.kind == "payment_applications":
            applications = StagedApplications(self._session, source.file, manifest)
            for page in source.pages():
                self._stage(source, manifest, page, applications)
            applications.end()
            self._applications = applications
        else:
            for page in source.pages():
                self._take(source, manifest, page)

    def _news(
        self, source: Source, manifest: Manifest, page: SourcePage, keys: Hashes
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
        raise NotImplementedError

    def _compared(
        self, source: Source, manifest: Manifest, page: SourcePage
    ) -> "_Compared":
        """Compare a page with the last export; reject faults and second rows of a key."""
        self._progress(page.size)
        self.outcome.read += len(page.faults) + len(page.lines)
        for fault in page.faults:
            self._reject(fault.file, fault.line, fault.column, fault.reason)
        count = len(page.lines)
        keys = np.fromiter(map(key_hash, page.keys), dtype=np.uint64, count=count)
        contents = np.fromiter(page.contents, dtype=np.uint64, count=count)
        known, unchanged, repeated = manifest.compare(keys, contents)
        for number in np.flatnonzero(repeated).tolist():
            key = page.keys[number].replace(KEY_SEPARATOR, ", ")
            reason = f"A row with the key {key} came before."
            self._reject(source.file, page.lines[number], None, reason)
        return _Compared(keys, contents, known, unchanged, repeated)
