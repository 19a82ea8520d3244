"""The example mappings against real ledgers, and the agings against independent computations."""

import csv
import os
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from domain.aging import Basis
from projections.aging import AgingBy
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import Cells, aging, load, recorded_at, rejects

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TALLYSTICK_TEST_DATA", ROOT.parent / "shared" / "data"))
IBM = "WA_Fn-UseC_-Accounts-Receivable.csv"
TODAY = date(2026, 11, 23)

needs_ledgers = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the real ledgers are not at {DATA} (TALLYSTICK_TEST_DATA)"
)

IBM_DATES = [date(2012, 1, 1), date(2012, 1, 3), date(2012, 3, 31), date(2012, 6, 30)]
IBM_DATES += [date(2012, 9, 30), date(2012, 12, 31), date(2013, 2, 28), date(2013, 3, 31)]
IBM_DATES += [date(2013, 6, 30), date(2013, 9, 30), date(2013, 12, 2), date(2013, 12, 31)]
IBM_DATES += [date(2014, 1, 8), date(2014, 1, 9)]


def ibm_corrected(text: str) -> str:
    """The file with two corrections: an amount and its settlement, and a due date."""
    corrections = (
        ("1/2/2013,2/1/2013,55.94,No,1/15/2013", "1/2/2013,2/1/2013,155.94,No,4/15/2013"),
        ("1/26/2013,2/25/2013,61.74,Yes,3/3/2013", "1/26/2013,1/27/2013,61.74,Yes,3/3/2013"),
    )
    for row, corrected in corrections:
        assert text.count(row) == 1
        text = text.replace(row, corrected)
    return text


def ibm_by_duckdb(path: Path, as_of: date, basis: Basis, by: AgingBy) -> Cells:
    """What was open, straight from the file: invoiced by then and not yet settled."""
    base = "due" if basis is Basis.DUE else "invoiced"
    current = (
        "WHEN age <= 0 THEN 'current'" if basis is Basis.DUE else "WHEN age <= 30 THEN 'current'"
    )
    account = "customerID" if by is AgingBy.ACCOUNT else "NULL"
    rows = duckdb.execute(
        f"""
        WITH ledger AS (
            SELECT *, strptime(InvoiceDate, '%m/%d/%Y')::DATE AS invoiced,
                   strptime(DueDate, '%m/%d/%Y')::DATE AS due,
                   strptime(SettledDate, '%m/%d/%Y')::DATE AS settled,
                   InvoiceAmount::DECIMAL(12, 2) AS amount
            FROM read_csv(?, all_varchar = true)
        ), opened AS (
            SELECT *, date_diff('day', {base}, ?::DATE) AS age FROM ledger
            WHERE invoiced <= ?::DATE AND settled > ?::DATE
        )
        SELECT countryCode, {account},
               CASE {current} WHEN age <= 30 THEN '1-30' WHEN age <= 60 THEN '31-60'
                    WHEN age <= 90 THEN '61-90' WHEN age <= 120 THEN '91-120' ELSE '121+' END,
               sum(amount), count(*)
        FROM opened GROUP BY ALL
        """,
        [str(path), as_of, as_of, as_of],
    ).fetchall()
    return {(company, who, label): (amount, count) for company, who, label, amount, count in rows}


@needs_ledgers
def test_late_payment_histories_age_as_the_file_says_before_and_after_a_correction(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    original = DATA / "ibm-late-payments" / IBM
    (tmp_path / IBM).write_bytes(original.read_bytes())
    mapping = ROOT / "examples" / "ibm-late-payments" / "mapping.toml"

    first = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)

    assert (first.outcome.read, first.outcome.new, rejects(first)) == (2466, 2466, [])
    for as_of in IBM_DATES:
        for basis in Basis:
            for by in AgingBy:
                expected = ibm_by_duckdb(original, as_of, basis, by)
                assert aging(database, tenant, as_of, basis=basis, by=by) == expected

    again = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)
    assert (again.outcome.events, again.outcome.unchanged) == (0, 2466)

    before = recorded_at(database, tenant)
    corrected = tmp_path / IBM
    corrected.write_text(ibm_corrected(original.read_text()))
    late = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)
    assert (late.outcome.changed, late.outcome.new, rejects(late)) == (2, 0, [])
    for as_of in IBM_DATES:
        for basis in Basis:
            for by in AgingBy:
                then = aging(database, tenant, as_of, basis=basis, by=by, known_at=before)
                assert then == ibm_by_duckdb(original, as_of, basis, by)
                now = aging(database, tenant, as_of, basis=basis, by=by)
                assert now == ibm_by_duckdb(corrected, as_of, basis, by)
    assert aging(database, tenant, date(2013, 2, 28), known_at=before) != (
        aging(database, tenant, date(2013, 2, 28))
    )


FINE_DATES = [date(2006, 6, 16), date(2006, 6, 17), date(2006, 8, 31), date(2006, 12, 31)]
FINE_DATES += [date(2007, 3, 31), date(2007, 7, 31), date(2007, 12, 31), date(2008, 6, 30)]
FINE_DATES += [date(2008, 12, 31), date(2009, 12, 31), date(2010, 12, 31), date(2012, 3, 26)]


Case = tuple[str, date | None, list[tuple[date, str, Decimal]]]
"""A case, when its fine was notified, and its events with their figures."""


def cases_in(path: Path) -> list[Case]:
    """The file, case by case."""
    figures = {
        "Create Fine": "amount",
        "Send Fine": "expense",
        "Add penalty": "amount",
        "Payment": "totalpaymentamount",
    }
    notified: dict[str, date] = {}
    cases: dict[str, list[tuple[date, str, Decimal]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            on, activity = date.fromisoformat(row["timestamp"]), row["activity"]
            if activity in figures:
                cases[row["case_id"]].append((on, activity, Decimal(row[figures[activity]])))
            elif activity == "Insert Fine Notification":
                notified[row["case_id"]] = on
    return [(case, notified.get(case), events) for case, events in cases.items()]


def fines_by_hand(cases: list[Case], as_of: date, basis: Basis, by: AgingBy) -> Cells:
    """What was open, case by case: what had arisen by then, less what had been paid by then."""
    sums: dict[tuple[str, str | None, str], tuple[Decimal, int]] = {}
    for case, notified, events in cases:
        fine = paid = Decimal(0)
        debts: list[tuple[date, Decimal]] = []
        for on, activity, figure in events:
            if on > as_of:
                continue
            if activity == "Payment":
                paid = figure
            elif activity == "Add penalty":
                debts.append((on, figure - fine))
            else:
                debts.append((on, figure))
                fine = figure if activity == "Create Fine" else fine
        for on, amount in debts:
            left = amount - min(amount, paid)
            paid -= amount - left
            if not left:
                continue
            due = on if notified is None else max(on, notified + timedelta(days=60))
            age = (as_of - (due if basis is Basis.DUE else on)).days
            who = case if by is AgingBy.ACCOUNT else None
            key = ("TRAFFIC", who, fine_label(age, basis))
            before, count = sums.get(key, (Decimal(0), 0))
            sums[key] = before + left, count + 1
    return sums


def fine_label(age: int, basis: Basis) -> str:
    if age <= (0 if basis is Basis.DUE else 30):
        return "current"
    steps = ((30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
    return next((label for highest, label in steps if age <= highest), "121+")


@needs_ledgers
def test_traffic_fines_age_as_their_events_say_before_and_after_a_late_payment(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    original = DATA / "road-traffic-fines" / "traffic_fines.csv"
    copied = tmp_path / "traffic_fines.csv"
    copied.write_bytes(original.read_bytes())
    mapping = ROOT / "examples" / "road-traffic-fines" / "mapping.toml"

    cases = cases_in(original)

    first = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)

    assert rejects(first) == []
    for as_of in FINE_DATES:
        for basis in Basis:
            expected = fines_by_hand(cases, as_of, basis, AgingBy.ACCOUNT)
            assert aging(database, tenant, as_of, basis=basis, by=AgingBy.ACCOUNT) == expected
    by_company = fines_by_hand(cases, date(2008, 12, 31), Basis.DUE, AgingBy.COMPANY)
    assert aging(database, tenant, date(2008, 12, 31)) == by_company

    again = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)
    assert (again.outcome.events, again.outcome.new, again.outcome.changed) == (0, 0, 0)

    before = recorded_at(database, tenant)
    paid = "A1,Payment,complete,,2007-01-31,,,,,,,,350.0,,30.0,,900001"
    lines = original.read_text().splitlines()
    after = next(n for n, line in enumerate(lines) if line.startswith("A1,Send Fine"))
    copied.write_text("\n".join([*lines[: after + 1], paid, *lines[after + 1 :]]) + "\n")
    late = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)
    assert rejects(late) == []
    corrected = cases_in(copied)
    for as_of in (date(2006, 12, 31), date(2007, 1, 30), date(2007, 1, 31), date(2009, 12, 31)):
        then = aging(database, tenant, as_of, by=AgingBy.ACCOUNT, known_at=before)
        assert then == fines_by_hand(cases, as_of, Basis.DUE, AgingBy.ACCOUNT)
        now = aging(database, tenant, as_of, by=AgingBy.ACCOUNT)
        assert now == fines_by_hand(corrected, as_of, Basis.DUE, AgingBy.ACCOUNT)


HAND_WRITTEN = """\
case_id,activity,timestamp,amount,article,expense,paymentamount,totalpaymentamount,vehicleclass,\
activity_instance_id
A1,Create Fine,2007-01-01,35.0,157.0,,,0.0,A,1
A1,Send Fine,2007-02-01,,,11.0,,,,2
A1,Insert Fine Notification,2007-02-10,,,,,,,3
A1,Payment,2007-03-01,,,,400.0,40.0,,4
A1,Add penalty,2007-04-11,71.5,,,,,,5
A1,Payment,2007-05-01,,,,425.0,82.5,,6
A2,Create Fine,2007-01-05,20.0,7.0,,,0.0,A,7
A2,Payment,2007-01-06,,,,nonsense,200.0,,8
"""


def test_a_fine_is_made_into_documents_dated_when_they_arose(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "traffic_fines.csv").write_text(HAND_WRITTEN)
    mapping = ROOT / "examples" / "road-traffic-fines" / "mapping.toml"

    synced = load(database, tenant, tmp_path, business_date=TODAY, mapping=mapping)

    assert rejects(synced) == []
    open_on = {
        day: sum(amount for amount, _ in aging(database, tenant, day).values())
        for day in (
            date(2007, 1, 5),
            date(2007, 1, 6),
            date(2007, 2, 1),
            date(2007, 3, 1),
            date(2007, 4, 11),
            date(2007, 5, 1),
        )
    }
    assert open_on == {
        date(2007, 1, 5): Decimal(55),
        date(2007, 1, 6): Decimal(35),
        date(2007, 2, 1): Decimal(46),
        date(2007, 3, 1): Decimal(6),
        date(2007, 4, 11): Decimal("42.5"),
        date(2007, 5, 1): Decimal(0),
    }
