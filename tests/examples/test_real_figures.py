"""The figures of a real ledger against an independent computation by DuckDB over its file.

The statements here say what the requirements say of invoices with an invoice date, a due date
and a date of settlement; each figure is compared for every account, on dates within the ledger's
span, as it was known before a correction of the file and as it is known since.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from domain.aging import Basis
from domain.conditions import Compared, Condition, Operator
from domain.site_options import SiteOptions
from domain.size_ranges import RANGES
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Listing
from projections.query import fetch
from projections.trends import month_ends, months_until, paid_by_month
from runtime.database import Database
from runtime.tenants import create_tenant
from tests.examples.late_payments import Figures, File, Ledger, ratio, rounded
from tests.examples.test_real_ledgers import DATA, IBM, ROOT, TODAY, ibm_corrected, needs_ledgers
from tests.loading import load, recorded_at, rejects

pytestmark = needs_ledgers

DAYS = [date(2012, 2, 29), date(2013, 2, 28), date(2013, 12, 15)]
"""Little is paid yet; the correction shows; the last invoices wait to be paid."""


@pytest.fixture(scope="module")
def ledger(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Generator[Ledger]:
    tenant = create_tenant(database, f"t-{uuid4().hex}")
    mapping = ROOT / "examples" / "ibm-late-payments" / "mapping.toml"
    original = (DATA / "ibm-late-payments" / IBM).read_text()
    told: list[tuple[datetime | None, File]] = []
    for text in (original, ibm_corrected(original)):
        path = tmp_path_factory.mktemp("ledger") / IBM
        path.write_text(text)
        assert (
            rejects(load(database, tenant, path.parent, business_date=TODAY, mapping=mapping)) == []
        )
        told.append((recorded_at(database, tenant), File(path)))
    with database.connect("worker") as connection:
        yield Ledger(connection, tenant.id, [told[0], (None, told[1][1])])


# Days late (KPI-05 to KPI-08)


LATE = """
    count(*) FILTER (WHERE settled <= $day) AS documents,
    coalesce(sum(settled - due) FILTER (WHERE settled <= $day), 0) AS days,
    coalesce(sum(amount) FILTER (WHERE settled <= $day), 0) AS amount,
    coalesce(sum((settled - due) * amount) FILTER (WHERE settled <= $day), 0) AS weighted
"""


def averages_late(row: Mapping[str, Any]) -> dict[str, Any]:
    """The averages of days late, from a row with sums."""
    count, days, amount, weighted = (row[n] for n in ("documents", "days", "amount", "weighted"))
    return {
        "avg_days_late": ratio(days, count),
        "avg_days_late_weighted": ratio(weighted, amount),
        "avg_days_late_diff": rounded(Decimal(days) / count - weighted / amount) if count else None,
    }


def sums_late(row: Mapping[str, Any]) -> dict[str, Any]:
    """The sums that the averages are made of."""
    return {
        "avg_days_count_total": row["documents"],
        "avg_days_sum_total": row["days"],
        "avg_days_amt_total": row["amount"],
        "avg_days_weighted_total": row["weighted"],
    }


@pytest.mark.parametrize("day", DAYS)
def test_accounts_paid_as_late_as_the_file_says(ledger: Ledger, day: date) -> None:
    for known_at, file in ledger.told:
        sums = file.accounts(
            f"SELECT company, customer, {LATE} FROM ledger GROUP BY company, customer", day=day
        )
        expected = {key: averages_late(row) | sums_late(row) for key, row in sums.items()}
        names = expected["391", "0379-NEVHP"].keys()

        assert ledger.figures(ACCOUNT_VIEW, ledger.asked(day, known_at), names) == expected
        assert len(expected) == 100


def test_a_correction_shows_in_what_is_known_since_and_not_before(ledger: Ledger) -> None:
    names = ["avg_days_late", "avg_days_late_weighted", "avg_days_count_total", "total_age"]
    before, since = (
        ledger.figures(ACCOUNT_VIEW, ledger.asked(DAYS[1], known_at), names)["391", "0379-NEVHP"]
        for known_at, _ in ledger.told
    )
    assert before == {
        "avg_days_late": Decimal("-10.15"),
        "avg_days_late_weighted": Decimal("-9.98"),
        "avg_days_count_total": 13,
        "total_age": Decimal("134.46"),
    }
    assert since == {
        "avg_days_late": Decimal("-9.58"),
        "avg_days_late_weighted": Decimal("-9.40"),
        "avg_days_count_total": 12,
        "total_age": Decimal("290.40"),
    }


# Days to pay, in total and by size (KPI-10, KPI-13 to KPI-15)


EVEN = SiteOptions(size_ranges=tuple(map(Decimal, (20, 40, 60, 80, 100, 120))))
SIZES = [
    EVEN,
    SiteOptions(
        size_ranges=(Decimal(50), Decimal("90.01")),
        aging_basis=Basis.INVOICE,
        exclude_invoices_before=date(2012, 7, 1),
    ),
    SiteOptions(size_ranges_automatic=True, exclude_invoices_before=date(2012, 2, 1)),
    SiteOptions(size_ranges_automatic=True, aging_basis=Basis.INVOICE),
]


def bounds(file: File, day: date, options: SiteOptions) -> list[Decimal]:
    """At which sizes a further range begins; computed, it is at the sevenths of what was paid."""
    if not options.size_ranges_automatic:
        return list(options.size_ranges)
    found = file.rows(
        """
        WITH placed AS (
            SELECT amount, row_number() OVER (ORDER BY amount) AS place, count(*) OVER () AS paid
            FROM ledger WHERE settled <= $day
        )
        SELECT DISTINCT amount FROM placed, range(1, 7) AS cut (part)
        WHERE place = (part * paid + 6) // 7 ORDER BY amount
        """,
        day=day,
    )
    return [row["amount"] for row in found]


SIZE = "1 + len([b FOR b IN $bounds::DECIMAL(12, 2)[] IF b <= amount])"
"""The range of an invoice's size, from 1: how many bounds it reaches, and one more."""


def to_pay(
    file: File, day: date, options: SiteOptions, where: str = "true"
) -> list[dict[str, Any]]:
    """Counts and sums of days to pay by account and size."""
    since = "invoiced" if options.aging_basis is Basis.INVOICE else "due"
    return file.rows(
        f"""
        SELECT company, customer, {SIZE} AS size, count(*) AS documents,
               sum(settled - {since}) AS days
        FROM ledger
        WHERE settled <= $day AND invoiced >= $earliest AND {where}
        GROUP BY ALL
        """,
        bounds=bounds(file, day, options),
        day=day,
        earliest=options.exclude_invoices_before or date.min,
    )


def averages_to_pay(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The averages of days to pay, from rows with sums."""

    def average(of: Iterable[Mapping[str, Any]]) -> Decimal | None:
        known = list(of)
        return ratio(sum(row["days"] for row in known), sum(row["documents"] for row in known))

    return {
        "avg_days_to_pay_total": average(rows),
        **{
            f"avg_days_to_pay{number}": average(row for row in rows if row["size"] == number)
            for number in range(1, RANGES + 1)
        },
    }


@pytest.mark.parametrize("options", SIZES)
@pytest.mark.parametrize("day", DAYS[1:])
def test_accounts_paid_as_fast_as_the_file_says_in_total_and_by_size(
    ledger: Ledger, day: date, options: SiteOptions
) -> None:
    for known_at, file in ledger.told:
        asked = ledger.asked(day, known_at, options)
        rows = to_pay(file, day, options)
        expected: Figures = {}
        for key in file.accounts("SELECT DISTINCT company, customer FROM ledger"):
            own = [row for row in rows if (row["company"], row["customer"]) == key]
            expected[key] = averages_to_pay(own) | {
                "days_to_pay_count": sum(row["documents"] for row in own),
                "days_to_pay_sum": sum(row["days"] for row in own),
            }

        assert ledger.figures(ACCOUNT_VIEW, asked, expected["391", "0379-NEVHP"]) == expected
        of_all = averages_to_pay(rows)
        assert ledger.summed_up(ACCOUNT_VIEW, asked, list(of_all)) == {"count": 100} | of_all


def test_computed_ranges_of_size_hold_about_as_many_invoices_each(ledger: Ledger) -> None:
    _, file = ledger.told[0]
    options, day = SiteOptions(size_ranges_automatic=True), date(2013, 12, 31)
    counts = dict.fromkeys(range(1, RANGES + 1), 0)
    for row in to_pay(file, day, options):
        counts[row["size"]] += row["documents"]

    cuts = ("37.88", "48.98", "57.05", "63.96", "71.96", "82.20")
    assert bounds(file, day, options) == list(map(Decimal, cuts))
    assert counts == {1: 350, 2: 350, 3: 351, 4: 350, 5: 351, 6: 349, 7: 352}


# What is open, what was sold and what it costs (KPI-02, KPI-16, KPI-17)


RATES = [(DAYS[0], 10), (DAYS[1], 8), (DAYS[2], 12)]

CREDIT = """
    coalesce(sum(amount) FILTER (WHERE invoiced <= $day AND settled > $day), 0) AS open,
    coalesce(sum(amount * ($day - invoiced)) FILTER (WHERE invoiced <= $day AND settled > $day), 0)
        AS carried,
    coalesce(sum(amount) FILTER (WHERE invoiced <= $day AND invoiced > $day - 365), 0) AS sales
"""


def credit(row: Mapping[str, Any], apr: int) -> dict[str, Any]:
    """What is open and sold, and what it costs at a rate, from a row with sums."""
    return {
        "total_age": row["open"],
        "sales": row["sales"],
        "dso": ratio(row["open"], row["sales"], 365),
        "coc_balance": rounded(row["carried"] * apr / 100 / 365),
        "daily_carry": rounded(row["open"] * apr / 100 / 365),
    }


@pytest.mark.parametrize(("day", "apr"), RATES)
def test_what_accounts_owe_is_as_old_and_as_dear_as_the_file_says(
    ledger: Ledger, day: date, apr: int
) -> None:
    for known_at, file in ledger.told:
        sums = file.accounts(
            f"SELECT company, customer, {CREDIT} FROM ledger GROUP BY company, customer", day=day
        )
        expected = {key: credit(row, apr) for key, row in sums.items()}
        asked = ledger.asked(day, known_at, SiteOptions(credit_apr=apr))

        assert ledger.figures(ACCOUNT_VIEW, asked, expected["391", "0379-NEVHP"]) == expected

        of_all = credit(file.row(f"SELECT {CREDIT} FROM ledger", day=day), apr) | {
            # What a list costs is the sum of what its accounts show.
            name: sum(one[name] for one in expected.values())
            for name in ("coc_balance", "daily_carry")
        }
        assert ledger.summed_up(ACCOUNT_VIEW, asked, list(of_all)) == {"count": 100} | of_all


@pytest.mark.parametrize(("day", "apr"), RATES)
def test_an_open_invoice_costs_its_balance_for_its_days(
    ledger: Ledger, day: date, apr: int
) -> None:
    for known_at, file in ledger.told:
        rows = file.rows(
            """
            SELECT company, number, amount, $day - invoiced AS days FROM ledger
            WHERE invoiced <= $day AND settled > $day
            """,
            day=day,
        )
        expected = {
            (row["company"], row["number"]): {
                "coc_balance": rounded(row["amount"] * apr / 100 * row["days"] / 365),
                "daily_carry": rounded(row["amount"] * apr / 100 / 365),
            }
            for row in rows
        }
        found = ledger.figures(
            INVOICE_VIEW,
            ledger.asked(day, known_at, SiteOptions(credit_apr=apr)),
            ["coc_balance", "daily_carry"],
            Compared("balance_hc", Operator.GT, 0),
        )
        assert found == expected


def test_the_days_of_sales_outstanding_move_from_month_to_month_as_the_file_says(
    ledger: Ledger,
) -> None:
    day = date(2013, 4, 10)
    for known_at, file in ledger.told:
        months = file.rows(
            """
            WITH ends AS (
                SELECT least(last_day(($day - to_months(back))::DATE), $day) AS day
                FROM range(6) AS months (back)
            )
            SELECT ends.day, sum(amount) FILTER (WHERE settled > ends.day) AS open,
                   sum(amount) FILTER (WHERE invoiced > ends.day - 365) AS sales
            FROM ends JOIN ledger ON invoiced <= ends.day
            GROUP BY ends.day ORDER BY ends.day
            """,
            day=day,
        )
        assert month_ends(day) == [row["day"] for row in months]
        for row in months:
            found = ledger.summed_up(ACCOUNT_VIEW, ledger.asked(row["day"], known_at), ["dso"])
            assert found["dso"] == ratio(row["open"], row["sales"], 365)


# When what is open will be paid (KPI-20 to KPI-24, G8, G9)


PROJECTED = f"""
    WITH sized AS (
        SELECT *, {SIZE} AS size FROM ledger
    ), habit AS (
        SELECT company, customer, size, avg(settled - due) AS days FROM sized
        WHERE settled <= $day GROUP BY company, customer, size
    ), usual AS (
        SELECT company, customer, avg(settled - due) AS days FROM sized
        WHERE settled <= $day GROUP BY company, customer
    ), projected AS (
        SELECT company, customer, number, amount, due,
               CASE WHEN habit.days IS NOT NULL THEN 'size' WHEN usual.days IS NOT NULL THEN 'all'
                    ELSE 'none' END AS known_by,
               due + round(coalesce(habit.days, usual.days, 0))::INTEGER AS guess,
               greatest($day, guess) AS paid_on
        FROM sized
        LEFT JOIN habit USING (company, customer, size)
        LEFT JOIN usual USING (company, customer)
        WHERE invoiced <= $day AND settled > $day
    )
"""
"""As late as the account paid invoices of the size, else all, else on time; not in the past."""

WITHIN = ", ".join(
    f"coalesce(sum(amount) FILTER (WHERE paid_on <= $day + {days}), 0) AS proj_pmts{days}_days"
    for days in (7, 14, 21, 28, 35)
)
"""What is expected within so many days, cumulatively."""

PROJECTIONS = [
    *((day, options) for day in DAYS for options in (EVEN, SIZES[2])),
    (DAYS[0], SiteOptions()),
]


def projected(file: File, day: date, options: SiteOptions, select: str) -> list[dict[str, Any]]:
    """What a statement finds among the projected payments."""
    return file.rows(PROJECTED + select, bounds=bounds(file, day, options), day=day)


@pytest.mark.parametrize(("day", "options"), PROJECTIONS)
def test_open_invoices_are_expected_as_late_as_the_account_paid_others_of_the_size(
    ledger: Ledger, day: date, options: SiteOptions
) -> None:
    for known_at, file in ledger.told:
        rows = projected(
            file,
            day,
            options,
            """
            SELECT company, number, paid_on AS proj_pmt_date, paid_on - due AS proj_pmt_days,
                   paid_on - $day AS payment_due_days
            FROM projected
            """,
        )
        expected = {(row.pop("company"), row.pop("number")): row for row in rows}
        found = ledger.figures(
            INVOICE_VIEW,
            ledger.asked(day, known_at, options),
            ["proj_pmt_date", "proj_pmt_days", "payment_due_days"],
            Compared("proj_pmt_date", Operator.IS_NULL, value=False),
        )
        assert found == expected


@pytest.mark.parametrize(("day", "options"), PROJECTIONS)
def test_accounts_are_expected_to_pay_within_weeks_what_the_file_says(
    ledger: Ledger, day: date, options: SiteOptions
) -> None:
    for known_at, file in ledger.told:
        rows = projected(
            file, day, options, f"SELECT company, customer, {WITHIN} FROM projected GROUP BY ALL"
        )
        expected = {(row.pop("company"), row.pop("customer")): row for row in rows}
        names = list(next(iter(expected.values())))
        asked = ledger.asked(day, known_at, options)
        found = ledger.figures(ACCOUNT_VIEW, asked, names)

        assert found == dict.fromkeys(found, dict.fromkeys(names, 0)) | expected
        (of_all,) = projected(file, day, options, f"SELECT {WITHIN} FROM projected")
        assert ledger.summed_up(ACCOUNT_VIEW, asked, names) == {"count": 100} | of_all


def test_the_dates_meet_every_rule_by_which_a_payment_is_expected(ledger: Ledger) -> None:
    _, file = ledger.told[0]
    met = {
        (day, row["known_by"]): (row["invoices"], row["rolled"])
        for day in DAYS
        for row in projected(
            file,
            day,
            EVEN,
            """
            SELECT known_by, count(*) AS invoices, count(*) FILTER (WHERE guess < $day) AS rolled
            FROM projected GROUP BY known_by
            """,
        )
    }
    assert met == {
        (DAYS[0], "size"): (26, 1),
        (DAYS[0], "all"): (21, 2),
        (DAYS[0], "none"): (50, 11),
        (DAYS[1], "size"): (87, 10),
        (DAYS[1], "all"): (1, 0),
        (DAYS[2], "size"): (42, 5),
        (DAYS[2], "all"): (1, 0),
    }


# From month to month (KPI-09)


PAID_BY_MONTH = """
    count(*) AS documents, sum(settled - due) AS days, sum(amount) AS amount,
    sum((settled - due) * amount) AS weighted
    FROM ledger
    WHERE settled <= $day AND settled >= date_trunc('month', $day - INTERVAL 5 MONTHS)
"""


@pytest.mark.parametrize("day", [date(2012, 6, 30), date(2013, 4, 20), date(2014, 1, 9)])
def test_the_days_late_of_six_months_are_those_of_the_file(ledger: Ledger, day: date) -> None:
    for known_at, file in ledger.told:
        listing = Listing(ACCOUNT_VIEW, ledger.asked(day, known_at), ())
        rows = file.rows(
            f"""
            SELECT company, customer, date_trunc('month', settled)::DATE AS month, {PAID_BY_MONTH}
            GROUP BY ALL
            """,
            day=day,
        )
        accounts = sorted({(row["company"], row["customer"]) for row in rows})
        of_each = {
            (one.company_id, one.cust_id, one.month): (
                one.avg_days_late,
                one.avg_days_late_weighted,
                one.documents,
            )
            for one in fetch(ledger.connection, paid_by_month(listing, accounts))
        }
        assert of_each == {
            (row["company"], row["customer"], row["month"]): (
                ratio(row["days"], row["documents"]),
                ratio(row["weighted"], row["amount"]),
                row["documents"],
            )
            for row in rows
        }

        in_all = file.rows(
            f"SELECT date_trunc('month', settled)::DATE AS month, {PAID_BY_MONTH} GROUP BY ALL"
            " ORDER BY month",
            day=day,
        )
        assert [row["month"] for row in in_all] == months_until(day)
        assert [
            (one.month, one.avg_days_late, one.avg_days_late_weighted, one.home_curr_id)
            for one in fetch(ledger.connection, paid_by_month(listing))
        ] == [
            (
                row["month"],
                ratio(row["days"], row["documents"]),
                ratio(row["weighted"], row["amount"]),
                "USD",
            )
            for row in in_all
        ]


# Of groups (KPI-25)


GROUPS: list[tuple[str, Condition]] = [
    ("company = '391'", Compared("company_id", Operator.EQ, "391")),
    (
        """
        (company, customer) IN (
            SELECT (company, customer) FROM ledger WHERE due < $day AND settled > $day
            GROUP BY company, customer HAVING sum(amount) > 60)
        """,
        Compared("total_past_due", Operator.GT, 60),
    ),
]


@pytest.mark.parametrize(("where", "condition"), GROUPS, ids=["a company", "past due"])
@pytest.mark.parametrize("day", DAYS[1:])
def test_a_group_of_accounts_averages_all_its_invoices_alike(
    ledger: Ledger, day: date, where: str, condition: Condition
) -> None:
    for known_at, file in ledger.told:
        row = file.row(
            f"""
            SELECT {LATE}, {CREDIT}, count(DISTINCT (company, customer)) AS accounts
            FROM ledger WHERE {where}
            """,
            day=day,
        )
        known = credit(row, EVEN.credit_apr)
        (within,) = projected(file, day, EVEN, f"SELECT {WITHIN} FROM projected WHERE {where}")
        expected = {
            **averages_late(row),
            **sums_late(row),
            **averages_to_pay(to_pay(file, day, EVEN, where)),
            **{name: known[name] for name in ("total_age", "sales", "dso")},
            **within,
        }
        asked = ledger.asked(day, known_at, EVEN)
        found = ledger.summed_up(ACCOUNT_VIEW, asked, list(expected), condition)
        assert found == {"count": row["accounts"]} | expected
        assert 1 < row["accounts"] < 100


@pytest.mark.parametrize("day", DAYS)
def test_a_group_of_invoices_is_paid_as_far_and_as_late_as_the_file_says(
    ledger: Ledger, day: date
) -> None:
    for known_at, file in ledger.told:
        row = file.row(
            """
            SELECT count(*) AS invoices, sum(amount) AS amount,
                   sum(amount) FILTER (WHERE settled > $day) AS open,
                   sum(settled - due) FILTER (WHERE settled <= $day) AS days,
                   count(*) FILTER (WHERE settled <= $day) AS paid
            FROM ledger WHERE company = '406' AND invoiced <= $day
            """,
            day=day,
        )
        found = ledger.summed_up(
            INVOICE_VIEW,
            ledger.asked(day, known_at),
            ["amount_hc", "balance_hc", "percent_paid", "avg_days_due_to_pay"],
            Compared("company_id", Operator.EQ, "406"),
        )
        assert found == {
            "count": row["invoices"],
            "amount_hc": row["amount"],
            "balance_hc": row["open"],
            "percent_paid": ratio(row["amount"] - row["open"], row["amount"], 100),
            "avg_days_due_to_pay": ratio(row["days"], row["paid"]),
        }
