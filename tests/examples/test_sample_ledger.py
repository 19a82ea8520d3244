"""The sample ledger keeps its own books straight, and pays like the ledgers it was measured on."""

import csv
import itertools
import math
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from examples.sample_ledger import write_next_export, write_sample_ledger
from examples.sample_ledger.files import COLUMNS
from examples.sample_ledger.habits import BLOCK_INVOICES, MEASURED_LATE_SHARE

LAST_DATE = date(2024, 6, 28)
NEXT_DATE = date(2024, 7, 5)
INVOICES = 5_000
KEY_WIDTHS = {
    "companies": 1,
    "customers": 2,
    "contacts": 3,
    "invoices": 2,
    "payments": 2,
    "payment_applications": 3,
}
Row = dict[str, str]


class Ledger:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[Row]] = {}
        for name in COLUMNS:
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                self.rows[name] = list(csv.DictReader(file, strict=True))

    def __getitem__(self, name: str) -> list[Row]:
        return self.rows[name]

    def keys(self, name: str) -> list[tuple[str, ...]]:
        columns = COLUMNS[name].split(",")[: KEY_WIDTHS[name]]
        return [tuple(row[column] for column in columns) for row in self[name]]

    def lines(self, name: str) -> list[bytes]:
        return (self.folder / f"{name}.csv").read_bytes().splitlines(keepends=True)

    def applied_by(self, *columns: str) -> dict[tuple[str, ...], list[Row]]:
        groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in self["payment_applications"]:
            groups[tuple(row[column] for column in columns)].append(row)
        return groups


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("ledger")
    write_sample_ledger(folder, invoices=INVOICES, last_date=LAST_DATE)
    return Ledger(folder)


@pytest.fixture(scope="module")
def later(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("later")
    write_next_export(ledger.folder, folder, business_date=NEXT_DATE)
    return Ledger(folder)


@pytest.fixture(params=["ledger", "later"])
def either(request: pytest.FixtureRequest) -> Ledger:
    ledger: Ledger = request.getfixturevalue(request.param)
    return ledger


def total(rows: list[Row], column: str = "amount") -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_arguments_give_the_same_bytes(ledger: Ledger, tmp_path: Path) -> None:
    write_sample_ledger(tmp_path / "again", invoices=INVOICES, last_date=LAST_DATE)
    write_sample_ledger(tmp_path / "other", invoices=INVOICES, last_date=LAST_DATE, seed=2)
    first = contents(ledger.folder)
    again = contents(tmp_path / "again")
    other = contents(tmp_path / "other")
    assert again == first
    assert [name for name in first if other[name] == first[name]] == ["companies.csv"]


def test_the_same_next_export_gives_the_same_bytes(
    ledger: Ledger, later: Ledger, tmp_path: Path
) -> None:
    write_next_export(ledger.folder, tmp_path, business_date=NEXT_DATE)
    assert contents(tmp_path) == contents(later.folder)


def test_the_summary_counts_the_rows(tmp_path: Path) -> None:
    summary = write_sample_ledger(tmp_path / "ledger", invoices=700, last_date=LAST_DATE)
    next_summary = write_next_export(
        tmp_path / "ledger", tmp_path / "later", business_date=NEXT_DATE
    )
    for name, counted in (("ledger", summary), ("later", next_summary)):
        written = Ledger(tmp_path / name)
        assert msgspec.structs.asdict(counted) == {
            table: len(rows) for table, rows in written.rows.items()
        }
    assert summary.invoices == 700


@pytest.mark.parametrize("invoices", [0, 1, 40])
def test_a_tiny_ledger_is_one_too(tmp_path: Path, invoices: int) -> None:
    write_sample_ledger(tmp_path / "a", invoices=invoices, last_date=LAST_DATE, months=1)
    write_next_export(tmp_path / "a", tmp_path / "b", business_date=NEXT_DATE, share=0.5)
    assert len(Ledger(tmp_path / "a")["invoices"]) == invoices


def test_keys_are_unique(either: Ledger) -> None:
    for name in COLUMNS:
        keys = either.keys(name)
        assert len(keys) == len(set(keys)), name
        assert all(all(key) for key in keys), name
        assert either.lines(name)[0].decode() == COLUMNS[name] + "\n"


def test_every_reference_resolves(either: Ledger) -> None:
    companies = set(either.keys("companies"))
    customers = set(either.keys("customers"))
    documents = dict(zip(either.keys("invoices"), either["invoices"], strict=True))
    payments = dict(zip(either.keys("payments"), either["payments"], strict=True))
    assert {key[:1] for key in customers} == companies
    assert {key[:2] for key in either.keys("contacts")} == customers
    for row in either["customers"]:
        assert not row["parent_id"] or (row["company_id"], row["parent_id"]) in customers
    for row in either["invoices"] + either["payments"]:
        assert (row["company_id"], row["cust_id"]) in customers
        assert not row.get("sold_to_id") or (row["company_id"], row["sold_to_id"]) in customers
    for row in either["payment_applications"]:
        document = documents[row["company_id"], row["tran_id"]]
        payment = payments[row["company_id"], row["payment_id"]]
        assert document["curr_id"] == payment["curr_id"]
        assert document["post_date"] <= payment["pmt_date"] <= row["applied_date"]


def test_balances_are_amounts_less_applications(either: Ledger) -> None:
    applied = either.applied_by("company_id", "tran_id")
    for key, row in zip(either.keys("invoices"), either["invoices"], strict=True):
        amount, balance = Decimal(row["amount"]), Decimal(row["balance"])
        assert balance == amount - total(applied[key])
        assert (amount < 0) == (row["type"] == "CM")
        assert 0 <= balance / amount <= 1
        last = max((each["applied_date"] for each in applied[key]), default="")
        assert (row["status"], row["closing_tran_date"]) == (
            ("open", "") if balance else ("closed", last)
        )


def test_payments_are_applied_or_keep_the_rest(either: Ledger) -> None:
    applied = either.applied_by("company_id", "payment_id")
    for key, row in zip(either.keys("payments"), either["payments"], strict=True):
        assert Decimal(row["amount"]) == total(applied[key]) + Decimal(row["unapplied_amt"])
        assert Decimal(row["amount"]) > 0
        assert Decimal(row["unapplied_amt"]) >= 0


def test_home_currency_figures_follow_one_rate_a_document(either: Ledger) -> None:
    homes = {row["company_id"]: row["home_currency"] for row in either["companies"]}
    rates: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for row in either["invoices"]:
        amount, balance = Decimal(row["amount"]), Decimal(row["balance"])
        amount_hc, balance_hc = Decimal(row["amount_hc"]), Decimal(row["balance_hc"])
        assert (balance == 0) == (balance_hc == 0)
        assert ("." in row["amount"]) == ("." in row["balance"]) == (row["curr_id"] != "JPY")
        if row["curr_id"] == homes[row["company_id"]]:
            assert (amount_hc, balance_hc) == (amount, balance)
            continue
        if balance in (0, amount):
            assert balance_hc == (amount_hc if balance else 0)
        # A rate of at most six decimals explains every document of one pair on one day.
        key = (row["company_id"], row["curr_id"], row["tran_date"])
        low, high = rates.get(key, (Decimal(0), Decimal("Infinity")))
        half = Decimal("0.005")
        low = max(low, (abs(amount_hc) - half) / abs(amount))
        high = min(high, (abs(amount_hc) + half) / abs(amount))
        assert low <= high
        rates[key] = (low, high)
        if balance:
            at_most = (high * abs(balance)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert abs(abs(balance_hc) - at_most) <= Decimal("0.01")
    assert rates


def test_nothing_is_paid_after_the_last_date(ledger: Ledger, later: Ledger) -> None:
    for each, day in ((ledger, LAST_DATE), (later, NEXT_DATE)):
        assert max(row["applied_date"] for row in each["payment_applications"]) <= day.isoformat()
        assert max(row["pmt_date"] for row in each["payments"]) <= day.isoformat()
    future = [row for row in ledger["invoices"] if row["tran_date"] > LAST_DATE.isoformat()]
    assert 5 < len(future) < 60
    assert all(row["post_date"] <= LAST_DATE.isoformat() for row in future)
    assert {row["status"] for row in future} == {"open"}


def test_habits_show_in_what_is_late(ledger: Ledger) -> None:
    settled = [
        row for row in ledger["invoices"] if row["type"] == "IN" and row["status"] == "closed"
    ]
    late = [row["closing_tran_date"] > row["due_date"] for row in settled]
    # Long waits and last instalments come on top of the habits that were measured.
    assert MEASURED_LATE_SHARE - 0.05 < sum(late) / len(late) < MEASURED_LATE_SHARE + 0.10
    of_customer: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row, was_late in zip(settled, late, strict=True):
        of_customer[row["company_id"], row["cust_id"]].append(was_late)
    shares = [sum(each) / len(each) for each in of_customer.values() if len(each) >= 10]
    # Of IBM's 100 customers 44 are nearly always punctual and 19 nearly always late.
    assert 0.25 < sum(share <= 0.2 for share in shares) / len(shares) < 0.60
    assert 0.10 < sum(share > 0.8 for share in shares) / len(shares) < 0.35
    unpaid = sum(row["status"] == "open" for row in ledger["invoices"])
    assert 0.07 < unpaid / INVOICES < 0.13


def test_it_holds_what_a_real_ledger_holds(ledger: Ledger) -> None:
    invoices = ledger["invoices"]
    homes = {row["company_id"]: row["home_currency"] for row in ledger["companies"]}
    share = 1 / INVOICES
    assert 0.07 < share * sum(row["curr_id"] != homes[row["company_id"]] for row in invoices) < 0.17
    assert 0.01 < share * sum(row["type"] == "CM" for row in invoices) < 0.03
    assert 0.12 < share * sum(not row["cust_po_no"] for row in invoices) < 0.18
    assert {row["pmt_terms_id"] for row in invoices} == {"NET10", "NET30", "NET45", "NET60"}
    parents = {(row["company_id"], row["cust_id"]): row["parent_id"] for row in ledger["customers"]}
    for_children = [row for row in invoices if row["sold_to_id"]]
    assert for_children
    assert all(
        parents[row["company_id"], row["sold_to_id"]] == row["cust_id"] for row in for_children
    )
    parts = Counter(map(len, ledger.applied_by("company_id", "tran_id").values()))
    assert {2, 3} <= parts.keys() <= {1, 2, 3, 4}
    several = ledger.applied_by("company_id", "payment_id").values()
    assert sum(len(each) > 1 for each in several) > 0.05 * len(several)
    assert any(Decimal(row["unapplied_amt"]) for row in ledger["payments"])
    assert any(row["credit_hold"] == "true" for row in ledger["customers"])
    assert len({row["cust_status"] for row in ledger["customers"]}) > 1
    mails = [row["cntct_email_addr"] for row in ledger["contacts"]]
    assert len(set(mails)) == len(mails)
    assert {mail.partition("@")[2] for mail in mails} <= {
        "example.com",
        "example.org",
        "example.net",
    }
    for row in ledger["companies"]:
        assert ZoneInfo(row["time_zone"])


def test_blocks_do_not_show(tmp_path: Path) -> None:
    invoices = 3 * BLOCK_INVOICES
    write_sample_ledger(tmp_path, invoices=invoices, last_date=LAST_DATE, months=36)
    lines = (tmp_path / "invoices.csv").read_bytes().splitlines()
    assert len({tuple(line.split(b",", 2)[:2]) for line in lines[1:]}) == invoices


def test_the_next_export_leaves_the_rest_untouched(ledger: Ledger, later: Ledger) -> None:
    for name in ("companies", "customers", "contacts"):
        assert later.lines(name) == ledger.lines(name)
    before, after = ledger.lines("invoices"), later.lines("invoices")
    changed = sum(old != new for old, new in zip(before, after, strict=False))
    added = len(after) - len(before)
    assert changed + added == math.floor(0.02 * INVOICES)
    assert added > 0
    before, after = ledger.lines("payments"), later.lines("payments")
    changed = sum(old != new for old, new in zip(before, after, strict=False))
    kept = ledger.lines("payment_applications")
    lost = set(kept) - set(later.lines("payment_applications"))
    assert 0 < changed <= len(lost)
    survivors = [line for line in kept if line not in lost]
    assert later.lines("payment_applications")[: len(survivors)] == survivors


def test_the_next_export_brings_every_kind_of_change(ledger: Ledger, later: Ledger) -> None:
    pairs = list(zip(ledger["invoices"], later["invoices"], strict=False))
    differing = Counter(
        itertools.chain.from_iterable(
            [column for column in old if old[column] != new[column]] for old, new in pairs
        )
    )
    assert {"amount", "balance", "due_date", "cust_id", "closing_tran_date"} <= differing.keys()
    assert any((old["status"], new["status"]) == ("closed", "open") for old, new in pairs)
    assert any((old["status"], new["status"]) == ("open", "closed") for old, new in pairs)
    assert any(0 < Decimal(new["balance"]) < Decimal(old["balance"]) for old, new in pairs)


def test_exports_follow_one_another(later: Ledger, tmp_path: Path) -> None:
    write_next_export(
        later.folder, tmp_path, seed=2, business_date=NEXT_DATE + timedelta(days=1), share=0.1
    )
    third = Ledger(tmp_path)
    test_keys_are_unique(third)
    test_every_reference_resolves(third)
    test_balances_are_amounts_less_applications(third)
    test_payments_are_applied_or_keep_the_rest(third)


def test_an_export_that_cannot_be_later_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose a later date"):
        write_next_export(ledger.folder, tmp_path, business_date=LAST_DATE)
    with pytest.raises(ValueError, match="folder of its own"):
        write_next_export(ledger.folder, ledger.folder, business_date=NEXT_DATE)
    with pytest.raises(ValueError, match="no fewer"):
        write_sample_ledger(tmp_path, months=0, last_date=LAST_DATE)
