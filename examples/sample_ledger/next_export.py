"""What the ERP delivers on a later day: changes of open and closed documents, and new ones."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from examples.sample_ledger.files import COLUMNS, LedgerSummary, Sink
from examples.sample_ledger.habits import ORDERS, RATE_SCALE, REFERENCES, TERMS, TERMS_DAYS
from examples.sample_ledger.texts import booked_rate, csv_line, pick_one, split_total
from examples.sample_ledger.vocabulary import (
    DOCUMENT_PREFIXES,
    FUTURE,
    MOVE_COMMENT,
    TENDER_SHARES,
    TENDERS,
)


class Change(Enum):
    """What befell an invoice between two exports."""

    PAID = auto()
    PART_PAID = auto()
    AMOUNT_CORRECTED = auto()
    DUE_DATE_CORRECTED = auto()
    ACCOUNT_CORRECTED = auto()
    APPLICATION_WITHDRAWN = auto()
    FOLLOWED_BY_NEW = auto()


# Chosen. The first five befall open invoices, the others closed ones.
CHANGE_SHARES: Final = {
    Change.PAID: 0.55,
    Change.PART_PAID: 0.08,
    Change.AMOUNT_CORRECTED: 0.06,
    Change.DUE_DATE_CORRECTED: 0.06,
    Change.ACCOUNT_CORRECTED: 0.04,
    Change.APPLICATION_WITHDRAWN: 0.06,
    Change.FOLLOWED_BY_NEW: 0.15,
}
CHANGES_OF_CLOSED: Final = (Change.APPLICATION_WITHDRAWN, Change.FOLLOWED_BY_NEW)
DUE_SHIFTS_DAYS: Final = (-5, 7, 15, 30)
CORRECTED_DOWN_SHARE: Final = 0.5
CENT: Final = Decimal("0.01")


class Invoice(msgspec.Struct):
    """The row of an invoice, in the columns' order."""

    company_id: str
    tran_id: str
    cust_id: str
    type: str
    tran_date: str
    due_date: str
    post_date: str
    amount: str
    balance: str
    curr_id: str
    amount_hc: str
    balance_hc: str
    status: str
    closing_tran_date: str
    cust_po_no: str
    sold_to_id: str
    disc_amt: str
    invoice_cmnt: str
    pmt_terms_id: str
    udf1: str
    udf2: str

    def line(self) -> str:
        """Return the row as a line."""
        return csv_line(list(msgspec.structs.astuple(self)))


class Receipt(msgspec.Struct):
    """A payment that came in between the exports."""

    payment_id: str
    tender: tuple[str, str]
    reference: int
    amount: Decimal

    def line(self, company: str, account: str, currency: str, day: date) -> str:
        """Return the row as a line."""
        unapplied = self.amount - self.amount
        head = [company, self.payment_id, account, day.isoformat(), str(self.amount), currency]
        return csv_line([*head, *self.tender, str(self.reference), str(unapplied), ""])


class Survey(msgspec.Struct, frozen=True):
    """What a folder holds, as far as the next export must know."""

    newest: date
    homes: dict[str, str]
    open_rows: list[int]
    closed_rows: list[int]
    rows: int


class Bookings:
    """What happened between two exports, gathered before it is written."""

    def __init__(
        self, rng: np.random.Generator, homes: dict[str, str], since: date, until: date
    ) -> None:
        self._rng = rng
        self._homes = homes
        self._since = since
        self._until = until
        self._numbers: dict[tuple[str, str], int] = {}
        self._paying_days: dict[tuple[str, str], date] = {}
        self._accounts: dict[str, str] = {}
        self.receipts: dict[tuple[str, str, str, date], Receipt] = {}
        self.applications: list[str] = []
        self.changed: dict[int, Invoice] = {}
        self.new: list[Invoice] = []
        self.withdrawn: dict[tuple[str, str], int] = {}  # Company and document to its row.
        self.given_back: dict[tuple[str, str], Decimal] = {}  # Company and payment to amount.

    def book(self, row: int, invoice: Invoice, change: Change) -> None:
        """Let one thing befall one invoice."""
        match change:
            case Change.PAID:
                self._pay(invoice, Decimal(invoice.balance))
            case Change.PART_PAID:
                self._pay(invoice, portion_of(invoice.balance, self._rng.uniform(0.3, 0.8)))
            case Change.AMOUNT_CORRECTED:
                self._correct_amount(invoice)
            case Change.DUE_DATE_CORRECTED:
                due = date.fromisoformat(invoice.due_date)
                invoice.due_date = (
                    due + timedelta(days=pick_one(DUE_SHIFTS_DAYS, row))
                ).isoformat()
            case Change.ACCOUNT_CORRECTED:
                self._correct_account(invoice)
            case Change.APPLICATION_WITHDRAWN:
                self.withdrawn[invoice.company_id, invoice.tran_id] = row
            case Change.FOLLOWED_BY_NEW:
                self._follow(invoice)
                return
        self._accounts[invoice.company_id] = invoice.cust_id
        self.changed[row] = invoice

    def withdraw(self, company: str, payment: str, tran: str, amount: str) -> bool:
        """Take an application back if its invoice is to lose one; the first one goes."""
        row = self.withdrawn.pop((company, tran), None)
        if row is None:
            return False
        invoice = self.changed[row]
        back = Decimal(amount)
        self._set_money(invoice, Decimal(invoice.amount), Decimal(invoice.balance) + back)
        given = self.given_back.get((company, payment), Decimal(0))
        self.given_back[company, payment] = given + back
        return True

    def _pay(self, invoice: Invoice, amount: Decimal) -> None:
        company, account = invoice.company_id, invoice.cust_id
        day = self._paying_days.setdefault((company, account), self._draw_day())
        key = (company, account, invoice.curr_id, day)
        receipt = self.receipts.get(key)
        if receipt is None:
            receipt = self.receipts[key] = Receipt(
                payment_id=self._next_id("PM", company, day),
                tender=TENDERS[int(self._rng.choice(len(TENDERS), p=TENDER_SHARES))],
                reference=int(self._rng.integers(*REFERENCES)),
                amount=amount - amount,
            )
        receipt.amount += amount
        self.applications.append(
            csv_line([company, receipt.payment_id, invoice.tran_id, str(amount), day.isoformat()])
        )
        balance = Decimal(invoice.balance) - amount
        self._set_money(invoice, Decimal(invoice.amount), balance, day)

    def _correct_amount(self, invoice: Invoice) -> None:
        shift = portion_of(invoice.balance, self._rng.uniform(0.05, 0.4))
        if self._rng.random() < CORRECTED_DOWN_SHARE and shift < Decimal(invoice.balance):
            shift = -shift
        self._set_money(invoice, Decimal(invoice.amount) + shift, Decimal(invoice.balance) + shift)

    def _correct_account(self, invoice: Invoice) -> None:
        """Move an unpaid invoice to the account last met; a part-paid one gets a note."""
        other = self._accounts.get(invoice.company_id, invoice.cust_id)
        if other != invoice.cust_id and invoice.balance == invoice.amount:
            invoice.cust_id, invoice.sold_to_id = other, ""
        else:
            invoice.invoice_cmnt = MOVE_COMMENT

    def _follow(self, invoice: Invoice) -> None:
        day = self._draw_day()
        terms = TERMS_DAYS[TERMS.index(invoice.pmt_terms_id)]
        amount = portion_of(invoice.amount, self._rng.uniform(0.7, 1.3))
        following = msgspec.structs.replace(
            invoice,
            tran_id=self._next_id("IN", invoice.company_id, day),
            tran_date=day.isoformat(),
            due_date=(day + timedelta(days=terms)).isoformat(),
            post_date=day.isoformat(),
            cust_po_no=f"PO{self._rng.integers(*ORDERS)}",
            disc_amt=str(amount - amount),
            invoice_cmnt="",
        )
        self._set_money(following, amount, amount)
        self.new.append(following)

    def _set_money(
        self, invoice: Invoice, amount: Decimal, balance: Decimal, closed_on: date | None = None
    ) -> None:
        """Set amount, balance and all that follows from them."""
        home = self._homes[invoice.company_id]
        booked = booked_rate(invoice.curr_id, home, date.fromisoformat(invoice.tran_date))
        invoice.amount, invoice.balance = str(amount), str(balance)
        invoice.amount_hc = str(home_amount(amount, booked))
        invoice.balance_hc = str(home_amount(balance, booked))
        closed = not balance and closed_on is not None
        invoice.status = "closed" if closed else "open"
        invoice.closing_tran_date = closed_on.isoformat() if closed and closed_on else ""

    def _draw_day(self) -> date:
        days = (self._until - self._since).days
        return self._since + timedelta(days=int(self._rng.integers(1, days + 1)))

    def _next_id(self, prefix: str, company: str, day: date) -> str:
        head = f"{prefix}{day:%y%m%d}"
        number = self._numbers[company, head] = self._numbers.get((company, head), 0) + 1
        return f"{head}-{number:04d}"


def write_next_export(
    folder: Path, later: Path, *, seed: int = 1, business_date: date, share: float = 0.02
) -> LedgerSummary:
    """Write to `later` what the ERP exports on `business_date`, after it exported `folder`.

    A share of the invoices changes: most are paid, in full or in part; some have their amount, due
    date or account corrected; some lose an application, whose money goes back to the payment; some
    are new. All other rows are the same bytes in the same order.

    Args:
        folder: an earlier export, made by `write_sample_ledger` or by this function.
        later: where the new one goes; another folder.
        seed: the same arguments give the same bytes.
        business_date: later than everything booked in `folder`.
        share: invoices changed or new, as a share of the invoices in `folder`.
    """
    if folder.resolve() == later.resolve():
        raise ValueError("A later export needs a folder of its own.")
    survey = survey_export(folder)
    if business_date <= survey.newest:
        raise ValueError(f"{folder} has bookings up to {survey.newest}; choose a later date.")
    rng = np.random.default_rng(seed)
    changes = choose_changes(rng, survey, share)
    bookings = Bookings(rng, survey.homes, survey.newest, business_date)
    for row, (_, fields) in enumerate(csv_rows(folder, "invoices")):
        if row in changes:
            bookings.book(row, Invoice(*fields), changes[row])
    later.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        sink = Sink(stack, later)
        for name in ("companies", "customers", "contacts"):
            for line, _ in csv_rows(folder, name):
                sink.rows(name, (line,), 1)
        # The applications come first: they tell what is given back to payments and invoices.
        for line in later_applications(folder, bookings):
            sink.rows("payment_applications", (line,), 1)
        for line in later_payments(folder, bookings):
            sink.rows("payments", (line,), 1)
        for line in later_invoices(folder, bookings):
            sink.rows("invoices", (line,), 1)
        return sink.summary()


def survey_export(folder: Path) -> Survey:
    """Return what an export holds that may change."""
    newest = ""
    open_rows: list[int] = []
    closed_rows: list[int] = []
    rows = 0
    for _, fields in csv_rows(folder, "invoices"):
        invoice = Invoice(*fields)
        newest = max(newest, invoice.post_date)
        if invoice.type == "IN" and invoice.status == "closed":
            closed_rows.append(rows)
        elif invoice.type == "IN" and not invoice.tran_id.startswith(DOCUMENT_PREFIXES[FUTURE]):
            open_rows.append(rows)
        rows += 1
    for _, (_, _, _, day, *_) in csv_rows(folder, "payments"):
        newest = max(newest, day)
    for _, (*_, day) in csv_rows(folder, "payment_applications"):
        newest = max(newest, day)
    return Survey(
        newest=date.fromisoformat(newest) if newest else date.min,
        homes={company: home for _, (company, _, home, _) in csv_rows(folder, "companies")},
        open_rows=open_rows,
        closed_rows=closed_rows,
        rows=rows,
    )


def choose_changes(rng: np.random.Generator, survey: Survey, share: float) -> dict[int, Change]:
    """Which row changes how; fewer than wished for where a small ledger has too few open ones."""
    wished = split_total(round(survey.rows * share), list(CHANGE_SHARES.values()))
    pools = {
        True: rng.permutation(np.array(survey.open_rows, dtype=np.int64)).tolist(),
        False: rng.permutation(np.array(survey.closed_rows, dtype=np.int64)).tolist(),
    }
    changes: dict[int, Change] = {}
    for change, count in zip(CHANGE_SHARES, wished, strict=True):
        pool: list[int] = pools[change not in CHANGES_OF_CLOSED]
        changes.update((pool.pop(), change) for _ in range(min(count, len(pool))))
    return changes


def later_applications(folder: Path, bookings: Bookings) -> Iterator[str]:
    """Yield the applications that are left."""
    for line, (company, payment, tran, amount, _) in csv_rows(folder, "payment_applications"):
        if not bookings.withdraw(company, payment, tran, amount):
            yield line
    yield from bookings.applications


def later_payments(folder: Path, bookings: Bookings) -> Iterator[str]:
    """Yield the payments, with what was given back."""
    place = COLUMNS["payments"].split(",").index("unapplied_amt")
    for line, fields in csv_rows(folder, "payments"):
        back = bookings.given_back.get((fields[0], fields[1]))
        if back is None:
            yield line
        else:
            fields[place] = str(Decimal(fields[place]) + back)
            yield csv_line(fields)
    for (company, account, currency, day), receipt in bookings.receipts.items():
        yield receipt.line(company, account, currency, day)


def later_invoices(folder: Path, bookings: Bookings) -> Iterator[str]:
    """Yield the documents, some changed."""
    for row, (line, _) in enumerate(csv_rows(folder, "invoices")):
        changed = bookings.changed.get(row)
        yield line if changed is None else changed.line()
    for invoice in bookings.new:
        yield invoice.line()


def csv_rows(folder: Path, name: str) -> Iterator[tuple[str, list[str]]]:
    """Every row as it stands in the file, and its fields."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        next(file, None)
        for line in file:
            text = line.rstrip("\n")
            yield line, next(csv.reader((text,))) if '"' in text else text.split(",")


def portion_of(amount: str, share: float) -> Decimal:
    """Some of an amount, in its own decimals, and something at least."""
    whole = Decimal(amount)
    unit = Decimal(1).scaleb(int(whole.as_tuple().exponent))
    part = (whole * Decimal(share)).quantize(unit, ROUND_HALF_UP)
    return max(part, unit)


def home_amount(amount: Decimal, booked: int) -> Decimal:
    """Return an amount in home currency at a booked rate."""
    home = (amount * booked / RATE_SCALE).quantize(CENT, ROUND_HALF_UP)
    return max(home, CENT) if amount > 0 else home
