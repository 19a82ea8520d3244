"""A sync: an ERP's export into the log.

Files are read in pages. Rows that look as they did in the last sync are passed over; the others
become commands, and what the deciders answer is appended batch by batch while the next rows are
read. Payment applications are staged first, so that a document meets them in one decision. A
sync that is cut off anywhere leaves whole appends; the next one finds what is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, cast
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from application.appending import AppendedBatch, Appender, Task
from application.importing import rows
from application.importing.applications import StagedApplication, StagedApplications
from application.importing.first_care import FirstCare
from application.importing.manifest import Flags, Hashes, Manifest
from application.importing.parents import Parents
from application.importing.source import Source, SourcePage, foreign_columns, key_hash
from application.importing.wanted_accounts import WantedAccounts, open_accounts
from domain.account import ACCOUNT, ImplyAccount
from domain.account_care import ACCOUNT_CARE
from domain.company import (
    COMPANY,
    DEFAULT_HOME_CURRENCY,
    CompanyDocument,
    CompanyEvent,
    ImportCompany,
    Registered,
)
from domain.company_options import COMPANY_OPTIONS
from domain.contact import CONTACT
from domain.invoice import INVOICE, Application, ApplyPayments
from domain.invoice_line import INVOICE_LINE, InvoiceLineDocument
from domain.payment import PAYMENT
from domain.payment_application import PAYMENT_APPLICATION
from domain.sales_order import SALES_ORDER
from domain.sales_person import SALES_PERSON, SalesPersonDocument
from domain.shared.decider import Decider
from domain.shared.imported import ImportDocument
from domain.shared.rows import KEY_SEPARATOR, BadRow
from domain.shared.streams import stream_key, stream_name
from domain.site_options import (
    SITE,
    SITE_OPTIONS,
    ContactSync,
    CustomerSync,
    SiteOptions,
    SiteOptionsChanged,
)
from domain.sync_run import SYNC_RUN, CompleteSync, SyncCompleted
from eventstore.importing import ImportSession

REJECTED_LISTED_MAX = 100_000
"""Rejected rows told one by one; more are only counted."""


_REFUSING = {
    COMPANY: "companies",
    ACCOUNT: "customers",
    CONTACT: "contacts",
    SALES_PERSON: "sales_persons",
}
"""The kinds of rows that may be refused by the business."""


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
    """Another sync of the tenant is running; it is left to finish."""


class _Row(Struct, gc=False):
    """A row that is looked at: where it stands, what it says and whether it is known.

    A row that itself `says_news` is counted as new or changed; one that is only looked at for
    the applications it meets is not.
    """

    file: str
    line: int
    values: Sequence[Any]
    known: bool
    says_news: bool
    applications: Sequence[StagedApplication]


class _Compared(Struct, gc=False):
    """A page's rows against the last export: hashes, and which are known, unchanged, repeated.

    `numbers` are the rows' places in the page: those that could be read.
    """

    numbers: npt.NDArray[np.intp]
    keys: Hashes
    contents: Hashes
    known: Flags
    unchanged: Flags
    repeated: Flags


class Sync:
    """One run over an export, for one tenant; `begun_by` names what it was begun by."""

    def __init__(
        self,
        session: ImportSession,
        *,
        actor: str,
        business_date: date,
        begun_by: str | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.run_id = str(uuid4())
        self.outcome = Outcome()
        self.companies: set[str] = set()
        """The companies whose invoices the export holds."""
        self._session = session
        self._business_date = business_date
        self._progress = progress
        self._begun_by = begun_by
        self.cause = f"sync/{self.run_id}"
        self._appender = Appender(
            session, actor=actor, business_date=business_date, cause=self.cause
        )
        self._home: dict[str, str] = {}
        self._accounts: set[tuple[str, ...]] | None = None
        self._parents = Parents(session.load)
        self._held_back: list[_Row] = []
        self._applications: StagedApplications | None = None
        self._manifests: dict[str, Manifest] = {}
        self._theirs: Mapping[tuple[str, str], str] = {}
        self._options = SiteOptions()
        self._first_care = FirstCare(session.load, (), None)
        self._wanted = WantedAccounts()
        self._documents: set[tuple[str, str]] = set()
        """The documents that there are, of those with lines in the page that is taken."""
        self._takers: dict[str, Callable[[_Row], None]] = {
            "companies": self._take_company,
            "customers": self._take_account,
            "contacts": self._take_contact,
            "sales_persons": self._take_sales_person,
            "sales_orders": self._take_sales_order,
            "payments": self._take_payment,
            "invoices": self._take_invoice,
            "invoice_lines": self._take_invoice_line,
        }

    def run(self, sources: Sequence[Source]) -> Outcome:
        """Load `sources`, which come in the order of the contract's kinds.

        A kind may have several, but for payment applications.

        Raises:
            SyncBusy: if another sync of the tenant is running.
        """
        if not self._session.try_lock():
            raise SyncBusy
        self._theirs = foreign_columns(sources)
        try:
            self._load_companies()
            self._load_options()
            if self._options.sync_customers is CustomerSync.WITH_OPEN_DOCUMENTS:
                known, on = self._known_accounts(), self._business_date
                self._wanted = open_accounts(sources, self._session, self._manifest, known, on)
            for source in sources:
                if source.kind != "customers":
                    self._settle_parents()
                self._read(source)
            self._settle_parents()
            if self._applications is not None:
                self._apply_leftovers(self._applications)
            self._count(self._appender.finish())
            self._finish()
        finally:
            if self._applications is not None:
                self._applications.close()
            self._appender.close()
            self._session.unlock()
        self.outcome.position = self._session.head()
        return self.outcome

    def saw_invoices(self, documents: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether the export held a row of each of the documents, told by company and number."""
        manifest = self._manifests["invoices"]
        hashes = (key_hash(KEY_SEPARATOR.join(document)) for document in documents)
        return manifest.saw(np.fromiter(hashes, np.uint64, len(documents))).tolist()

    def _load_companies(self) -> None:
        histories = self._session.load(self._session.streams_of(COMPANY.category))
        for history in histories.values():
            state = COMPANY.replay(cast("Sequence[CompanyEvent]", history.events))
            if isinstance(state, Registered):
                self._home[state.document.company_id] = state.document.home_currency

    def _load_options(self) -> None:
        stream = stream_name(SITE_OPTIONS.category, SITE)
        for history in self._session.load([stream]).values():
            events = cast("Sequence[SiteOptionsChanged]", history.events)
            self._options = SITE_OPTIONS.replay(events)
        self._first_care = FirstCare(
            self._session.load,
            self._session.streams_of(COMPANY_OPTIONS.category),
            self._options.default_credit_class_id,
        )

    def _read(self, source: Source) -> None:
        if source.kind == "contacts" and self._options.sync_contacts is ContactSync.NONE:
            self._progress(source.size)
            return
        if source.kind == "invoice_lines":
            self._count(self._appender.finish())  # so that the lines' documents are found
        manifest = self._manifest(source.kind)
        if source.kind == "payment_applications":
            applications = self._applications = StagedApplications(source.file, manifest)
            for page in source.pages():
                self._stage(source, manifest, page, applications)
            applications.end()
        else:
            for page in source.pages():
                self._take(source, manifest, page)

    def _manifest(self, kind: str) -> Manifest:
        if kind not in self._manifests:
            self._manifests[kind] = Manifest(self._session, kind)
        return self._manifests[kind]

    def _compared(self, source: Source, manifest: Manifest, page: SourcePage) -> _Compared:
        """Compare a page with the last export; reject faults and second rows of a key."""
        self._progress(page.size)
        count = len(page.lines)
        self.outcome.read += len(page.faults) + count
        contents = np.fromiter(page.contents, dtype=np.uint64, count=count)
        keys, told = manifest.keys_of(contents)
        numbers = np.arange(count)
        unread = np.flatnonzero(~told)
        if len(unread):
            texts = page.keys(unread.tolist())
            is_row = np.fromiter((text is not None for text in texts), np.bool_, len(texts))
            hashes = (key_hash(text) for text in texts if text is not None)
            keys[unread[is_row]] = np.fromiter(hashes, np.uint64)
            numbers = np.delete(numbers, unread[~is_row])
            keys, contents = keys[numbers], contents[numbers]
        for fault in page.faults:
            self._reject(fault.file, fault.line, fault.column, fault.reason)
        known, unchanged, repeated = manifest.compare(keys, contents)
        repeats: list[int] = numbers[repeated].tolist()
        for number in repeats:
            key = str(page.keys([number])[0]).replace(KEY_SEPARATOR, ", ")
            reason = f"A row with the key {key} came before."
            self._reject(source.file, page.lines[number], None, reason)
        return _Compared(numbers, keys, contents, known, unchanged & ~repeated, repeated)

    def _stage(
        self,
        source: Source,
        manifest: Manifest,
        page: SourcePage,
        applications: StagedApplications,
    ) -> None:
        """Stage the news of a page of applications."""
        seen = self._compared(source, manifest, page)
        news = np.flatnonzero(~seen.unchanged & ~seen.repeated)
        self.outcome.unchanged += int(np.count_nonzero(seen.unchanged))
        taken: list[int] = []
        staged: list[tuple[Sequence[Any], int, bool]] = []
        numbers: list[int] = seen.numbers[news].tolist()
        for row, number, values in zip(news.tolist(), numbers, page.values(numbers), strict=True):
            if isinstance(values, BadRow):
                self._reject(source.file, page.lines[number], values.column, values.reason)
            else:
                staged.append((values, page.lines[number], bool(seen.known[row])))
                taken.append(row)
        applications.stage(staged)
        changed = int(np.count_nonzero(seen.known[taken]))
        self.outcome.changed += changed
        self.outcome.new += len(taken) - changed
        manifest.took(seen.keys[taken], seen.contents[taken])

    def _take(self, source: Source, manifest: Manifest, page: SourcePage) -> None:
        """Take over the news of a page, and the rows whose applications are news."""
        seen = self._compared(source, manifest, page)
        wanted = ~seen.unchanged & ~seen.repeated
        staged = self._applications if source.kind == "invoices" else None
        applications: dict[tuple[str, str], list[StagedApplication]] = {}
        if staged is not None:
            awaited = staged.awaited(seen.keys) & ~seen.repeated
            wanted |= awaited
            applications = staged.take(seen.keys[awaited])
        if source.kind == "invoices":
            self.companies.update(page.companies())
        self.outcome.unchanged += int(np.count_nonzero(seen.unchanged))
        take = self._takers[source.kind]
        rows_wanted: list[int] = np.flatnonzero(wanted).tolist()
        numbers: list[int] = seen.numbers[rows_wanted].tolist()
        known: list[bool] = seen.known.tolist()
        unchanged: list[bool] = seen.unchanged.tolist()
        taken: list[int] = []
        parsed = page.values(numbers)
        if source.kind == "customers":
            self._parents.look_up(rows.parents(parsed))
        if source.kind == "invoice_lines":
            self._documents = self._documents_of(parsed)
        passed_over: list[int] = []
        for row, number, values in zip(rows_wanted, numbers, parsed, strict=True):
            line = page.lines[number]
            try:
                if isinstance(values, BadRow):
                    raise values
                met = applications.get((values[0], values[1]), ()) if applications else ()
                if not (known[row] or self._wanted.wants(source.kind, values)):
                    passed_over.append(row)
                    self._pass_over(met)
                    continue
                take(_Row(source.file, line, values, known[row], not unchanged[row], met))
            except BadRow as bad:
                column = bad.column if bad is values else self._told_as(source.file, bad.column)
                self._reject(source.file, line, column, bad.reason)
                if staged is not None:
                    staged.give_back(int(seen.keys[row]))
            else:
                taken.append(row)
        manifest.took(seen.keys[taken], seen.contents[taken])
        if source.kind == "invoices":
            self._wanted.pass_over(seen.keys[passed_over])
        self.outcome.unchanged += len(passed_over)

    def _pass_over(self, staged: Sequence[StagedApplication]) -> None:
        """Leave applications to a document that is passed over alone."""
        for one in staged:
            self._drop_application(one)
            self.outcome.unchanged += 1

    def _drop_application(self, one: StagedApplication) -> None:
        """Note that an application is not taken over; it is looked at again next time."""
        assert self._applications is not None
        self._applications.drop(one)
        self.outcome.changed -= one.known
        self.outcome.new -= not one.known

    def _take_company(self, row: _Row) -> None:
        command = rows.company(row.values)
        company_id, currency = command.document.company_id, command.document.home_currency
        home = self._home.setdefault(company_id, currency)
        if home != currency:
            raise BadRow(
                "home_currency",
                f"The home currency of company {company_id} is {home}; its documents are kept in"
                f" it, so it cannot become {currency}.",
            )
        self._add(row, COMPANY, (company_id,), command)

    def _take_account(self, row: _Row) -> None:
        command = rows.account(row.values)
        key = (command.document.company_id, command.document.cust_id)
        parent_id = command.document.parent_id
        if parent_id is not None and self._parents.fault(key, parent_id) is not None:
            self._held_back.append(row)
            return
        in_log = row.known or key in self._known_accounts()
        if not in_log:
            self._begin_care(row, key)
        self._known_accounts().add(key)
        self._parents.took(key, parent_id, in_log=in_log)
        self._add(row, ACCOUNT, key, command, known=in_log)

    def _settle_parents(self) -> None:
        """Take over the rows held back whose parents do not lead back any more; reject others.

        Each row taken over may free another, so they are looked at until none is.
        """
        while self._held_back:
            rows_left, self._held_back = self._held_back, []
            for row in rows_left:
                self._take_account(row)
            if len(self._held_back) == len(rows_left):
                break
        for row in self._held_back:
            document = rows.account(row.values).document
            key = (document.company_id, document.cust_id)
            reason = self._parents.fault(key, document.parent_id or "") or ""
            self._manifests["customers"].drop(key_hash(KEY_SEPARATOR.join(key)))
            self._reject(row.file, row.line, self._told_as(row.file, "parent_id"), reason)
        self._held_back = []

    def _take_contact(self, row: _Row) -> None:
        primary_only = self._options.sync_contacts is ContactSync.PRIMARY
        command = rows.contact(row.values, primary_only=primary_only)
        document = command.document
        key = (document.company_id, document.cust_id, document.cntct_id)
        passed_over = primary_only and not document.primary and not row.known
        if passed_over:  # to be looked at again, as the option may change
            self._manifests["contacts"].drop(key_hash(KEY_SEPARATOR.join(key)))
        else:
            self._imply_account(row, document.company_id, document.cust_id)
        self._add(row, CONTACT, key, command, known=row.known or passed_over)

    def _take_sales_person(self, row: _Row) -> None:
        command = ImportDocument(SalesPersonDocument(*row.values))
        self._add(row, SALES_PERSON, tuple(row.values[:2]), command)

    def _take_sales_order(self, row: _Row) -> None:
        command = rows.sales_order(row.values, self._home.get(row.values[0]))
        document = command.document
        self._imply_company(row, document.company_id, document.curr_id)
        self._imply_account(row, document.company_id, document.cust_id)
        self._add(row, SALES_ORDER, (document.company_id, document.order_id), command)

    def _take_payment(self, row: _Row) -> None:
        command = rows.payment(row.values, self._home.get(row.values[0]))
        document = command.document
        self._imply_company(row, document.company_id, document.curr_id)
        self._imply_account(row, document.company_id, document.cust_id)
        self._add(row, PAYMENT, (document.company_id, document.payment_id), command)

    def _take_invoice(self, row: _Row) -> None:
        company_id, curr_id = row.values[0], row.values[9]
        home = self._home.get(company_id) or curr_id or DEFAULT_HOME_CURRENCY
        applications = tuple(
            Application(one.payment_id, one.amount, one.applied_date) for one in row.applications
        )
        command = rows.invoice(row.values, home, applications, self._business_date)
        document = command.document
        self._imply_company(row, company_id, home)
        self._imply_account(row, company_id, document.cust_id)
        self._add(row, INVOICE, (company_id, document.tran_id), command)
        self._describe(row.applications)

    def _take_invoice_line(self, row: _Row) -> None:
        company_id, tran_id, line_no, *_ = row.values
        if (company_id, tran_id) not in self._documents:
            raise BadRow("tran_id", f"There is no document {tran_id} of company {company_id}.")
        command = ImportDocument(InvoiceLineDocument(*row.values))
        self._add(row, INVOICE_LINE, (company_id, tran_id, line_no), command)

    def _documents_of(self, lines: Sequence[Sequence[Any] | BadRow]) -> set[tuple[str, str]]:
        """Return which of the documents that rows of lines name there are."""
        keys = {(one[0], one[1]) for one in lines if not isinstance(one, BadRow)}
        there = self._session.existing([stream_name(INVOICE.category, *key) for key in keys])
        return {key for key in keys if stream_name(INVOICE.category, *key) in there}

    def _describe(self, applications: Sequence[StagedApplication]) -> None:
        """Take over the user-defined fields of applications that were taken over."""
        for one in applications:
            if one.udfs is not None:
                key = (one.company_id, one.tran_id, one.payment_id)
                told = rows.application_fields(one)
                self._appender.add(
                    Task(PAYMENT_APPLICATION, key, told, "", one.line, one.known, False)
                )

    def _imply_company(self, row: _Row, company_id: str, currency: str) -> None:
        """Register a company that only other rows name, in the currency of the first of them."""
        if company_id not in self._home:
            self._home[company_id] = currency
            command = ImportCompany(CompanyDocument(company_id, currency), implied=True)
            self._appender.add(
                Task(COMPANY, (company_id,), command, row.file, row.line, False, False)
            )

    def _imply_account(self, row: _Row, company_id: str, cust_id: str) -> None:
        """Open the account that a row names, if it is not known."""
        key = (company_id, cust_id)
        known = self._known_accounts()
        if key not in known:
            known.add(key)
            self._begin_care(row, key)
            command = ImplyAccount(company_id, cust_id)
            self._appender.add(Task(ACCOUNT, key, command, row.file, row.line, False, False))

    def _begin_care(self, row: _Row, key: tuple[str, str]) -> None:
        """Say who works on an account that is new.

        It is said before the account is opened: a run that is cut off in between is completed by
        the next one, to which the account is still new.
        """
        command = self._first_care.command(*key)
        if command is not None:
            self._appender.add(Task(ACCOUNT_CARE, key, command, row.file, row.line, False, False))

    def _known_accounts(self) -> set[tuple[str, ...]]:
        if self._accounts is None:
            streams = self._session.streams_of(ACCOUNT.category)
            self._accounts = {stream_key(stream) for stream in streams}
        return self._accounts

    def _add(
        self,
        row: _Row,
        decider: Decider[Any, Any, Any],
        key: tuple[str, ...],
        command: Struct,
        *,
        known: bool | None = None,
    ) -> None:
        known = row.known if known is None else known
        self._appender.add(Task(decider, key, command, row.file, row.line, known, row.says_news))

    def _apply_leftovers(self, applications: StagedApplications) -> None:
        """Apply staged applications to known documents that the export does not hold."""
        self._count(self._appender.finish())
        for page in applications.leftovers():
            there = self._session.existing([stream_name(INVOICE.category, *key) for key in page])
            for key, staged in page.items():
                if stream_name(INVOICE.category, *key) not in there:
                    self._reject_applications(applications, staged)
                    continue
                news = tuple(
                    Application(one.payment_id, one.amount, one.applied_date) for one in staged
                )
                command = ApplyPayments(news, self._business_date)
                line = staged[0].line
                self._appender.add(
                    Task(INVOICE, key, command, applications.file, line, True, False)
                )
                self._describe(staged)

    def _reject_applications(
        self, applications: StagedApplications, staged: Sequence[StagedApplication]
    ) -> None:
        """Reject applications to a document that nobody knows."""
        for one in staged:
            self._drop_application(one)
            self._reject(
                applications.file,
                one.line,
                self._told_as(applications.file, "tran_id"),
                f"There is no document {one.tran_id} of company {one.company_id} to apply to.",
            )

    def _count(self, batches: Sequence[AppendedBatch]) -> None:
        for batch in batches:
            self.outcome.new += batch.new
            self.outcome.changed += batch.changed
            self.outcome.unchanged += batch.unchanged
            self.outcome.events += batch.events
            for task, refusal in batch.refused:
                kind = _REFUSING.get(task.decider)
                if kind in self._manifests:
                    self._manifests[kind].drop(key_hash(KEY_SEPARATOR.join(task.key)))
                column = self._told_as(task.file, refusal.field)
                self._reject(task.file, task.line, column, refusal.message)

    def _told_as(self, file: str, column: str | None) -> str | None:
        """Return what a file calls a column."""
        return column and self._theirs.get((file, column), column)

    def _reject(self, file: str, line: int, column: str | None, reason: str) -> None:
        self.outcome.rejected_count += 1
        if len(self.outcome.rejected) < REJECTED_LISTED_MAX:
            self.outcome.rejected.append(Rejected(file, line, column, reason))

    def _finish(self) -> None:
        """Record the run if it changed anything, and remember the rows."""
        outcome = self.outcome
        if outcome.events:
            completed = SyncCompleted(
                self.run_id,
                self._business_date,
                outcome.read,
                outcome.new,
                outcome.changed,
                outcome.unchanged,
                outcome.rejected_count,
            )
            command = CompleteSync(completed)
            self._appender.add(
                Task(SYNC_RUN, (self.run_id,), command, counted=False, cause=self._begun_by)
            )
            self._count(self._appender.finish())
        for manifest in self._manifests.values():
            manifest.save()
