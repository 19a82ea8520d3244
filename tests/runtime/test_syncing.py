"""The contract of the CSV folder, sentence by sentence, from files to what readers see."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from runtime.database import Database
from runtime.syncing import STATISTICS_EVENTS_MIN, Synced
from runtime.tenants import Tenant, create_tenant
from tests.loading import aging, load, recorded_at, rejects, total, write_csv

ON = date(2026, 3, 2)
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount"
D = Decimal


class Export:
    """A folder, loaded into a tenant."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.folder = folder

    def write(self, file: str, header: str, *rows: str) -> None:
        write_csv(self.folder / file, header, rows)

    def load(self, on: date = ON) -> Synced:
        """Sync the folder; each row that was read is one of four kinds."""
        synced = load(self.database, self.tenant, self.folder, business_date=on)
        one = synced.outcome
        assert one.read == one.new + one.changed + one.unchanged + one.rejected_count
        return synced

    def rows(self, columns: str, table: str, order: str = "1") -> list[tuple[Any, ...]]:
        with self.database.connect("worker") as connection:
            query = f"SELECT {columns} FROM read_models.{table} WHERE tenant = %s ORDER BY {order}"
            return connection.execute(query.encode(), (self.tenant.id,)).fetchall()

    def open(self, on: date) -> Decimal:
        return total(aging(self.database, self.tenant, on))


@pytest.fixture
def export(database: Database, tenant: Tenant, tmp_path: Path) -> Export:
    return Export(database, tenant, tmp_path)


def counts(synced: Synced) -> tuple[int, int, int, int, int]:
    one = synced.outcome
    return one.read, one.new, one.changed, one.unchanged, one.rejected_count


def test_the_same_folder_again_changes_nothing(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,2026-01-31,100", "1,I2,A,x,,5")
    first = export.load()
    second = export.load()

    assert counts(first) == (2, 1, 0, 0, 1)
    assert counts(second) == (2, 0, 0, 1, 1)
    assert second.outcome.events == 0
    assert rejects(second) == rejects(first)
    assert second.outcome.position == first.outcome.position


def test_much_news_is_known_to_the_planner_of_queries_at_once(
    export: Export, owner: Connection[Any]
) -> None:
    rows = [f"1,I{number},A,2026-01-01,,{number}" for number in range(STATISTICS_EVENTS_MIN)]
    export.write("invoices.csv", INVOICES, *rows)
    gathered = (
        "SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'read_models'"
        " AND relname IN ('invoices', 'accounts', 'balances') AND last_analyze >= %s"
    )
    before = owner.execute("SELECT clock_timestamp()").fetchone()
    export.load()
    assert owner.execute(gathered, before).fetchone() == (3,)


def test_rows_in_another_order_or_with_more_columns_change_nothing(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100", "1,I2,A,2026-01-02,,5")
    export.load()
    export.write(
        "invoices.csv",
        "amount,extra,company_id,tran_date,cust_id,tran_id,due_date",
        "5,x,1,2026-01-02,A,I2,",
        "100,y,1,2026-01-01,A,I1,",
    )
    again = export.load()
    assert (again.outcome.events, again.outcome.new, again.outcome.changed) == (0, 0, 0)


def test_a_changed_row_is_an_amendment(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,2026-01-31,100")
    export.load()
    before = recorded_at(export.database, export.tenant)
    export.write("invoices.csv", INVOICES, "1,I1,B,2026-01-01,2026-02-28,120")
    second = export.load()

    assert counts(second) == (1, 0, 1, 0, 0)
    assert export.rows("cust_id, due_date, amount", "invoices") == [
        ("B", date(2026, 2, 28), D(120))
    ]
    then = aging(export.database, export.tenant, ON, known_at=before)
    now = aging(export.database, export.tenant, ON)
    assert then == {("1", None, "1-30"): (D(100), 1)}
    assert now == {("1", None, "1-30"): (D(120), 1)}


def test_a_document_counts_from_its_posting_or_its_date_or_from_when_it_is_known(
    export: Export,
) -> None:
    export.write(
        "invoices.csv",
        INVOICES + ",post_date",
        "1,OLD,A,2025-01-01,2025-01-31,1,",
        "1,POSTED,A,2025-01-01,2025-01-31,10,2025-02-01",
        "1,AHEAD,A,2026-06-01,2026-06-30,100,",
    )
    export.load()
    assert [export.open(date(2025, 1, 1)), export.open(date(2025, 2, 1))] == [D(1), D(11)]
    assert [export.open(date(2026, 3, 1)), export.open(ON)] == [D(11), D(111)]
    assert aging(export.database, export.tenant, ON)["1", None, "future"] == (D(100), 1)


def test_credit_memos_are_negative_and_not_aged(export: Export) -> None:
    export.write(
        "invoices.csv",
        INVOICES + ",type",
        "1,I1,A,2026-01-01,,100,IN",
        "1,C1,A,2026-01-01,,-30,CM",
        "1,C2,A,2026-01-01,,30,CM",
    )
    synced = export.load()
    assert rejects(synced) == [
        ("invoices.csv", 4, "amount", "A credit memo (CM) carries a negative amount.")
    ]
    assert export.open(ON) == D(100)


def test_a_customer_and_a_company_that_only_documents_name_are_made(export: Export) -> None:
    export.write(
        "invoices.csv", INVOICES + ",curr_id", "1,I1,A,2026-01-01,,1,EUR", "2,I1,B,2026-01-01,,1,"
    )
    export.load()
    assert export.rows("company_id, home_currency", "companies") == [("1", "EUR"), ("2", "USD")]
    assert export.rows("company_id, cust_id, implied", "accounts") == [
        ("1", "A", True),
        ("2", "B", True),
    ]


def test_without_a_balance_it_is_the_amount_less_applications(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100")
    export.write(
        "payments.csv",
        "company_id,payment_id,cust_id,pmt_date,amount",
        "1,P1,A,2026-01-10,30",
        "1,P2,A,2026-01-20,70",
    )
    applications = "company_id,payment_id,tran_id,amount,applied_date"
    export.write(
        "payment_applications.csv", applications, "1,P1,I1,30,2026-01-10", "1,P2,I1,70,2026-01-20"
    )
    synced = export.load()

    assert rejects(synced) == []
    days = [date(2026, 1, 9), date(2026, 1, 10), date(2026, 1, 19), date(2026, 1, 20)]
    assert [export.open(day) for day in days] == [D(100), D(70), D(70), D(0)]
    assert export.rows("closing_tran_date, pmt_count, last_pmt_date", "invoices") == [
        (date(2026, 1, 20), 2, date(2026, 1, 20))
    ]


def test_an_application_of_zero_is_void_and_one_that_is_not_told_again_stays(
    export: Export,
) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100")
    header = "company_id,payment_id,tran_id,amount,applied_date"
    export.write(
        "payment_applications.csv", header, "1,P1,I1,30,2026-01-10", "1,P2,I1,20,2026-01-11"
    )
    export.load()
    assert export.open(ON) == D(50)
    export.write("payment_applications.csv", header, "1,P2,I1,0,2026-01-11")
    export.load()
    assert [export.open(date(2026, 1, 11)), export.open(ON)] == [D(70), D(70)]
    assert export.load().outcome.events == 0


def test_a_lower_balance_or_a_closing_date_takes_effect_when_it_says(export: Export) -> None:
    header = INVOICES + ",balance,closing_tran_date"
    export.write(
        "invoices.csv",
        header,
        "1,LOWER,A,2026-01-01,,100,60,",
        "1,CLOSED,A,2026-01-01,,10,0,2026-02-01",
        "1,SHUT,A,2026-01-01,,1,,2026-02-15",
    )
    export.load()
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 15), date(2026, 3, 1), ON]
    assert [export.open(day) for day in days] == [D(111), D(101), D(100), D(100), D(60)]


def test_a_document_that_vanished_is_told_and_stays(export: Export) -> None:
    rows = ["1,I1,A,2026-01-01,,100", "1,I2,A,2026-01-01,,50", "2,I1,A,2026-01-01,,7"]
    export.write("invoices.csv", INVOICES, *rows)
    export.load()
    export.write("invoices.csv", INVOICES, rows[1])
    second = export.load()

    assert second.vanished == ["1/I1"]  # of company 2 there is no export at all
    assert second.outcome.events == 0
    assert export.open(ON) == D(157)


def test_bad_rows_are_rejected_and_good_ones_load(export: Export) -> None:
    export.write(
        "invoices.csv",
        INVOICES + ",curr_id,amount_hc",
        "1,GOOD,A,2026-01-01,,100,EUR,",
        "1,GOOD,A,2026-01-01,,200,EUR,",
        "1,DATE,A,31/02/2026,,1,EUR,",
        "1,DAY,A,2026-02-30,,1,EUR,",
        "1,NAN,A,2026-01-01,,NaN,EUR,",
        "1,HUGE,A,2026-01-01,,1e400,EUR,",
        '1,MARKS,A,2026-01-01,,"1,000.00",EUR,',
        "1,CURR,A,2026-01-01,,1,EURO,",
        "1,RATE,A,2026-01-01,,1,USD,",
        ",NOCOMPANY,A,2026-01-01,,1,EUR,",
        "1,SHORT,A",
        "1,LATE,A,2026-01-01,,5,EUR,",
    )
    export.write(
        "payment_applications.csv",
        "company_id,payment_id,tran_id,amount,applied_date",
        "1,P1,GOOD,40,2026-01-10",
        "1,P1,NOWHERE,1,2026-01-10",
        "1,P1,GOOD,1,2026-01-11",
    )
    synced = export.load()

    assert [(file, line, column) for file, line, column, _ in sorted(rejects(synced))] == [
        ("invoices.csv", 3, None),
        ("invoices.csv", 4, "tran_date"),
        ("invoices.csv", 5, "tran_date"),
        ("invoices.csv", 6, "amount"),
        ("invoices.csv", 7, "amount"),
        ("invoices.csv", 8, "amount"),
        ("invoices.csv", 9, "curr_id"),
        ("invoices.csv", 10, "amount_hc"),
        ("invoices.csv", 11, "company_id"),
        ("invoices.csv", 12, None),
        ("payment_applications.csv", 3, "tran_id"),
        ("payment_applications.csv", 4, None),
    ]
    assert all(reason.endswith(".") for _, _, _, reason in rejects(synced))
    assert export.rows("tran_id, balance", "invoices") == [("GOOD", D(60)), ("LATE", D(5))]
    assert export.load().outcome.events == 0


def test_a_rejected_row_that_is_corrected_loads(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-02-30,,100")
    header = "company_id,payment_id,tran_id,amount,applied_date"
    export.write("payment_applications.csv", header, "1,P1,I1,40,2026-02-10")
    first = export.load()
    assert first.outcome.rejected_count == 2
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-02-03,,100")
    second = export.load()
    assert rejects(second) == []
    assert export.open(ON) == D(60)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\xff\xfe\x00n", "UTF-8"),
        ("company_id,tran_id\n".encode("utf-16"), "UTF-8"),
        (b"company_id,tran_id,cust_id\n1,2,3\n", "lacks the column"),
        (b"company_id,company_id\n", "twice"),
        (b"\x00\x00\x00", "no column names"),
        (b"PK\x03\x04\x14\x00\x08\x08\x08\x00", "UTF-8|no column|lacks"),
    ],
)
def test_a_file_that_is_none_is_told_and_the_others_load(
    export: Export, content: bytes, reason: str
) -> None:
    (export.folder / "invoices.csv").write_bytes(content)
    export.write("customers.csv", "company_id,cust_id,cust_name", "1,A,Acme")
    synced = export.load()

    ((file, line, _, told),) = rejects(synced)
    assert (file, line) == ("invoices.csv", 1)
    assert any(word in told for word in reason.split("|")), told
    assert export.rows("cust_name", "accounts") == [("Acme",)]


def test_ten_megabytes_in_one_field_are_one_bad_row(export: Export) -> None:
    rows = ["1,I1,A,2026-01-01,,1", f"1,{'x' * 10_000_000},A,2026-01-01,,1", "1,I2,A,2026-01-01,,2"]
    export.write("invoices.csv", INVOICES, *rows)
    synced = export.load()
    ((_, line, _, reason),) = rejects(synced)
    assert (line, "longer than" in reason) == (3, True)
    assert export.open(ON) == D(3)


def test_keys_may_hold_anything_printable(export: Export) -> None:
    odd = ["a/b", "50%", "%2F", "ä ö", "O'Neil", '"q""q"', "\\N", "  spaced  "]
    export.write("invoices.csv", INVOICES, *(f"1,{key},{key},2026-01-01,,1" for key in odd))
    synced = export.load()
    assert rejects(synced) == []
    assert {key for (key,) in export.rows("tran_id", "invoices")} == {
        "a/b",
        "50%",
        "%2F",
        "ä ö",
        "O'Neil",
        'q"q',
        "\\N",
        "spaced",
    }
    assert export.load().outcome.events == 0


def test_keys_may_be_long_in_any_script(export: Export) -> None:
    rng = random.Random(5)  # what PostgreSQL cannot compress, four bytes a character
    company, customer, contact, payment, document = (
        "".join(chr(rng.randrange(0x20000, 0x2A6DE)) for _ in range(200)) for _ in range(5)
    )
    export.write("invoices.csv", INVOICES, f"{company},{document},{customer},2026-01-01,,1")
    header = "company_id,payment_id,cust_id,pmt_date,amount"
    export.write("payments.csv", header, f"{company},{payment},{customer},2026-01-02,1")
    header = "company_id,payment_id,tran_id,amount,applied_date"
    export.write("payment_applications.csv", header, f"{company},{payment},{document},1,2026-01-02")
    header = "company_id,cust_id,cntct_id"
    export.write("contacts.csv", header, f"{company},{customer},{contact}", f"1,A,{contact}x")
    synced = export.load()

    reason = "cntct_id is longer than 200 characters."
    assert rejects(synced) == [("contacts.csv", 3, "cntct_id", reason)]
    assert export.rows("tran_id, balance", "invoices") == [(document, D(0))]
    assert export.load().outcome.events == 0


def test_reordered_rows_among_bad_ones_change_nothing_and_the_bad_ones_are_told_again(
    export: Export,
) -> None:
    good = ["1,I1,A,2026-01-01,,100", '1,I2,"A, B",2026-01-02,,5', "1,I3,A,2026-01-03,,7"]
    bad = ["1,I4,A,2026-02-30,,1", "1,I5,A", '1,I6,"stray,2026-01-01,,1', "1,I1,B,2026-01-09,,9"]
    export.write("invoices.csv", INVOICES, *good, *bad)
    first = export.load()
    assert counts(first) == (7, 3, 0, 0, 4)
    export.write(
        "invoices.csv", INVOICES, bad[1], good[2], bad[0], bad[2], good[1], good[0], bad[3]
    )
    second = export.load()

    assert counts(second) == (7, 0, 0, 3, 4)
    assert (second.outcome.events, second.vanished) == (0, [])
    reasons = sorted(reason for _, _, _, reason in rejects(first))
    assert sorted(reason for _, _, _, reason in rejects(second)) == reasons
    assert export.open(ON) == D(112)


def test_two_tenants_do_not_disturb_each_other(export: Export) -> None:
    other = create_tenant(export.database, f"{export.tenant.name}-o"[-60:])
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100")
    export.load()
    load(export.database, other, export.folder, business_date=ON)
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,999")
    export.load()
    assert total(aging(export.database, other, ON)) == D(100)
    assert export.open(ON) == D(999)


def test_the_home_currency_of_a_company_stays(export: Export) -> None:
    export.write("companies.csv", "company_id,home_currency", "1,EUR")
    export.load()
    export.write("companies.csv", "company_id,home_currency", "1,USD")
    second = export.load()
    ((file, line, column, reason),) = rejects(second)
    assert (file, line, column) == ("companies.csv", 2, "home_currency")
    assert "kept in it" in reason


def test_the_run_itself_is_recorded(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100")
    export.load()
    export.load()
    assert export.rows("business_date, read, new, changed, unchanged, rejected", "sync_runs") == [
        (ON, 1, 1, 0, 0, 0)
    ]


def test_a_business_date_that_goes_back_is_taken_as_it_is(export: Export) -> None:
    header = INVOICES + ",balance"
    export.write("invoices.csv", header, "1,I1,A,2026-01-01,,100,")
    export.load(date(2026, 3, 10))
    export.write("invoices.csv", header, "1,I1,A,2026-01-01,,100,60")
    export.load(date(2026, 3, 5))
    assert [export.open(date(2026, 3, 4)), export.open(date(2026, 3, 5))] == [D(100), D(60)]


def test_an_empty_folder_has_nothing_to_load(export: Export) -> None:
    assert export.load().outcome.read == 0
