"""The dashboard: whose accounts, every figure by currency, and the same as lists sum up to."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from application.handling import Request
from domain.account_care import ACCOUNT_CARE, AccountAssigned
from domain.aging import Basis, bucket, labels
from domain.conditions import ALWAYS, Compared, Condition, Operator
from domain.promise import (
    PROMISE,
    ExpectedPaymentMissed,
    ExpectedPaymentRecorded,
    PromiseBroken,
    PromiseConfirmed,
    PromiseKept,
    PromiseWithdrawn,
)
from domain.shared.decider import Decider, Refused
from domain.site_options import SiteOptions, Trend
from domain.user import USER, RegisterUser, UserKind, UserProfile, UserRegistered
from projections.account_view import ACCOUNT_VIEW
from projections.dashboard import (
    Member,
    PaidSize,
    Scope,
    accounts_of,
    in_scope,
    later,
    team,
    usual_scope,
)
from projections.listing import Listing, summary
from projections.promise_totals import Counted, promise_totals
from projections.query import fetch
from projections.trends import month_ends
from projections.view import Asked
from runtime.dashboards import DashboardGroup, dashboard_groups, read_dashboard
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import day
from tests.loading import load, recorded_at, write_csv
from tests.projections.ledger import fill, open_items, request
from tests.projections.running import append, fold
from tests.projections.test_account_figures import OPTIONS

D = Decimal
ON = date(2026, 3, 31)


def telling(decider: Decider[Any, Any, Any], key: tuple[str, ...], *events: Any) -> Request:
    """A command that leads to these events."""
    told: Decider[Any, Any, Any] = Decider(
        decider.category, decider.events, decider.initial, decider.evolve, lambda _, __: events
    )
    return request(told, key, RegisterUser(UserProfile("x", "x", UserKind.CREDIT_USER)))


def assigning(company_id: str, cust_id: str, user_id: str | None) -> Request:
    """The request that a user works on an account."""
    event = AccountAssigned(company_id, cust_id, user_id)
    return telling(ACCOUNT_CARE, (company_id, cust_id), event)


def registering(user_id: str, manager_id: str | None, kind: UserKind) -> Request:
    """The request that there is a user."""
    profile = UserProfile(user_id, user_id.title(), kind, manager_id=manager_id)
    return telling(USER, (user_id,), UserRegistered(profile))


@pytest.fixture
def ledger(database: Database, tenant: Tenant, tmp_path: Path) -> Tenant:
    """Two companies with two accounts each, in euro and in dollars."""
    write_csv(
        tmp_path / "companies.csv",
        "company_id,name,home_currency,time_zone",
        ["1,One Ltd,EUR,UTC", "2,Two Inc,USD,UTC"],
    )
    write_csv(
        tmp_path / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id,balance,closing_tran_date",
        [
            "1,I1,A,2026-01-01,2026-01-31,100,EUR,0,2026-02-10",
            "1,I2,A,2026-02-01,2026-03-03,200,EUR,200,",
            "1,I3,B,2025-10-01,2025-10-31,600,EUR,0,2025-12-31",
            "1,I4,B,2026-03-20,2026-04-19,1000,EUR,1000,",
            "1,I5,A,2026-04-10,2026-05-10,50,EUR,50,",
            "2,I1,A,2026-02-20,2026-02-25,70,USD,70,",
            "2,I2,C,2026-01-10,2026-02-09,700,USD,0,2026-03-01",
            "2,I3,C,2025-03-01,2025-03-31,900,USD,900,",
        ],
    )
    synced = load(database, tenant, tmp_path, business_date=ON)
    assert synced.outcome.rejected == []
    return tenant


def groups(database: Database, asked: Asked, *conditions: Condition) -> dict[str, DashboardGroup]:
    """Every figure of the accounts that meet some conditions, by home currency."""
    with database.connect("worker") as connection:
        found = dashboard_groups(connection, accounts_of(asked, *conditions))
    return {one.totals.home_curr_id: one for one in found}


def test_every_figure_of_a_currency_is_its_own(database: Database, ledger: Tenant) -> None:
    found = groups(database, Asked(ledger.id, SiteOptions(), ON))

    assert list(found) == ["EUR", "USD"]
    euro, dollars = found["EUR"], found["USD"]
    assert (euro.totals.accounts, dollars.totals.accounts) == (2, 2)
    told = euro.totals.figures
    assert {
        name: told[name]
        for name in (
            "total_age",
            "due_now",
            "due_future",
            "due_total",
            "total_past_due",
            "open_documents",
            "avg_days_late",
            "avg_days_late_weighted",
            "avg_days_late_diff",
            "avg_days_to_pay_total",
            "dso",
            "coc_balance",
            "daily_carry",
        )
    } == {
        "total_age": 1250,
        "due_now": 1200,
        "due_future": 50,
        "due_total": 1250,
        "total_past_due": 200,
        "open_documents": 3,
        "avg_days_late": D("35.50"),  # 10 and 61
        "avg_days_late_weighted": D("53.71"),  # (10 x 100 + 61 x 600) / 700
        "avg_days_late_diff": D("-18.21"),
        "avg_days_to_pay_total": D("35.50"),
        "dso": D("240.13"),  # 1250 / 1900 x 365
        "coc_balance": D("6.05"),  # 58 days of 200, 11 of 1000 and -10 of 50 at 10 percent
        "daily_carry": D("0.34"),
    }
    assert [(one.label, one.amount) for one in euro.aging[Basis.DUE] if one.amount] == [
        ("future", 50),
        ("current", 1000),
        ("1-30", 200),
    ]
    assert [(one.label, one.amount) for one in euro.aging[Basis.INVOICE] if one.amount] == [
        ("future", 50),
        ("current", 1000),
        ("31-60", 200),
    ]
    assert [(one.label, one.amount) for one in dollars.aging[Basis.DUE] if one.amount] == [
        ("31-60", 70),
        ("121+", 900),
    ]
    assert euro.sizes[:3] == [
        PaidSize("below 500", None, D(500), D("10.00")),
        PaidSize("500 to below 1000", D(500), D(1000), D("61.00")),
        PaidSize("1000 to below 5000", D(1000), D(5000), None),
    ]
    assert (len(euro.sizes), euro.sizes[-1]) == (
        7,
        PaidSize("100000 and more", D(100_000), None, None),
    )
    assert [one.avg_days_to_pay for one in dollars.sizes[:2]] == [None, D("20.00")]
    assert [(one.days, one.until, one.amount) for one in euro.expected] == [
        (7, date(2026, 4, 7), 200),  # I2 is expected 10 days after its due date, which is over
        (14, date(2026, 4, 14), 200),
        (21, date(2026, 4, 21), 200),
        (28, date(2026, 4, 28), 200),
        (35, date(2026, 5, 5), 200),
    ]
    assert dollars.totals.figures["dso"] == D("459.81")  # 970 / 770 x 365
    assert [
        (month.month, paid and (paid.documents, paid.avg_days_late, paid.avg_days_late_weighted))
        for month, paid in euro.days_late
    ] == [
        (10, None),
        (11, None),
        (12, (1, D("61.00"), D("61.00"))),
        (1, None),
        (2, (1, D("10.00"), D("10.00"))),
        (3, None),
    ]
    assert [one and one.documents for _, one in dollars.days_late] == [None] * 5 + [1]
    assert (euro.promises, dollars.promises) == ([], [])


def test_the_trend_of_dso_has_each_months_end_and_the_date(
    database: Database, ledger: Tenant
) -> None:
    found = groups(database, Asked(ledger.id, SiteOptions(), ON))

    def dso(currency: str) -> list[tuple[int, int, Decimal | None]]:
        months = found[currency].dso
        assert months is not None
        assert [one.month for one in months] == [one.on.replace(day=1) for one in months]
        return [(one.on.month, one.on.day, one.dso) for one in months]

    assert dso("EUR") == [
        (10, 31, D("365.00")),  # 600 / 600
        (11, 30, D("365.00")),
        (12, 31, D("0.00")),
        (1, 31, D("52.14")),  # 100 / 700
        (2, 28, D("81.11")),  # 200 / 900
        (3, 31, D("240.13")),
    ]
    assert dso("USD")[:4] == [
        (10, 31, D("365.00")),  # 900 / 900
        (11, 30, D("365.00")),
        (12, 31, D("365.00")),
        (1, 31, D("365.00")),
    ]
    options = SiteOptions(prior_six_months=Trend.AVERAGE_DAYS)
    assert groups(database, Asked(ledger.id, options, ON))["EUR"].dso is None


def test_the_trend_of_dso_is_that_of_the_accounts_of_the_date(
    database: Database, ledger: Tenant
) -> None:
    """B owes a thousand on the date; before, it is in the trend although it owes nothing."""
    owing = Compared("total_age", Operator.GTE, D(900))
    found = groups(database, Asked(ledger.id, SiteOptions(), ON), owing)
    months = found["EUR"].dso
    assert found["EUR"].totals.accounts == 1
    assert months is not None
    assert [one.dso for one in months] == [
        D("365.00"),
        D("365.00"),
        D("0.00"),
        D("0.00"),
        D("0.00"),
        D("228.13"),  # 1000 / 1600
    ]


@pytest.mark.parametrize("options", [SiteOptions(), *OPTIONS])
def test_no_figure_of_a_currency_changes_with_what_is_owed_in_another(
    database: Database, ledger: Tenant, options: SiteOptions
) -> None:
    append(
        database,
        ledger,
        *(promised(number, on) for number, on in enumerate(("1", "2", "2"))),
    )
    fold(database, ledger)
    for trend in Trend:
        asked = Asked(ledger.id, replace(options, prior_six_months=trend), ON)
        together = groups(database, asked)
        assert list(together) == ["EUR", "USD"]
        for currency, found in together.items():
            only = Compared("home_curr_id", Operator.EQ, currency)
            assert groups(database, asked, only) == {currency: found}


def promised(number: int, company_id: str) -> Request:
    """The request that an account of a company promised to pay."""
    event = ExpectedPaymentRecorded(
        f"Q{number}", company_id, "A", D(10), "EUR", ON, ON - timedelta(3), promise=True
    )
    return telling(PROMISE, (f"Q{number}",), event)


def test_a_currency_that_paid_nothing_has_one_range_of_size(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    write_csv(
        tmp_path / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id,balance,closing_tran_date",
        [
            "1,I1,A,2026-01-01,2026-01-31,100,EUR,0,2026-02-10",
            "1,I2,A,2026-01-01,2026-01-31,300,EUR,0,2026-02-01",
            "2,I1,A,2026-01-01,2026-01-31,70,USD,70,",
        ],
    )
    load(database, tenant, tmp_path, business_date=ON)
    options = SiteOptions(size_ranges_automatic=True)
    found = groups(database, Asked(tenant.id, options, ON))
    assert found["USD"].sizes == [PaidSize("all", None, None, None)]
    assert found["EUR"].sizes == [
        PaidSize("below 100", None, D(100), None),
        PaidSize("100 to below 300", D(100), D(300), D("10.00")),
        PaidSize("300 and more", D(300), None, D("1.00")),
    ]


@pytest.mark.parametrize("seed", [61, 62])
def test_a_dashboard_tells_what_its_list_sums_up_to_and_ages_as_plain_arithmetic(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    events = fill(database, tenant, rng)
    names = [one.name for one in ACCOUNT_VIEW.totals]
    conditions: list[Condition] = [
        ALWAYS,
        Compared("company_id", Operator.EQ, "2"),
        Compared("total_past_due", Operator.GT, D(50)),
    ]
    for options in OPTIONS:
        for known_at in (None, events[len(events) // 2].recorded_at):
            as_of = day(rng.randrange(200, 400))
            asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)
            items = open_items(events, as_of, known_at, options)
            for condition in conditions:
                found = groups(database, asked, condition)
                listing = Listing(ACCOUNT_VIEW, asked, (), condition)
                with database.connect("worker") as connection:
                    sums = {
                        currency: dict(zip(["count", *names], figures, strict=True))
                        for one in fetch(connection, summary(listing, names))
                        for currency, *figures in [one.values]
                    }
                assert {
                    currency: {"count": one.totals.accounts, **one.totals.figures}
                    for currency, one in found.items()
                } == sums
                for one in found.values():
                    for aged in one.aging.values():
                        told = sum((bucket.amount for bucket in aged), D(0))
                        assert told == one.totals.figures["total_age"]
            whole = groups(database, asked)["EUR"]
            for basis in Basis:
                amounts = [D(0)] * len(labels(basis))
                for item in items:
                    dates = (as_of, item.tran_date, item.late_from)
                    amounts[bucket(*dates, basis)] += item.amount
                assert [(one.label, one.amount) for one in whole.aging[basis]] == list(
                    zip(labels(basis), amounts, strict=True)
                )


# Promises.


@dataclass
class Promised:
    """A promise made at random, as plainly as can be."""

    number: int
    company_id: str
    curr_id: str
    amount: Decimal
    promised_on: date | None
    outcome: str
    settled_on: date | None

    @classmethod
    def at_random(cls, rng: random.Random, number: int) -> "Promised":
        made = day(rng.randrange(-800, 0))
        confirmed = rng.choice((None, made, made + timedelta(20)))
        outcome = rng.choice(("open", "kept", "broken", "withdrawn"))
        if outcome == "broken" and confirmed is None:
            outcome = "missed"
        settled = None if outcome == "open" else made + timedelta(rng.randrange(25, 90))
        amount = D(rng.randrange(1, 90_000)) / 100
        curr_id = rng.choice(("EUR", "USD"))
        return cls(number, rng.choice("12"), curr_id, amount, confirmed, outcome, settled)

    @property
    def request(self) -> Request:
        promised_on, settled_on = self.promised_on, self.settled_on
        made = promised_on or day(-800)
        at_once = self.number % 2 == 0 or promised_on is None
        events: list[Any] = [
            ExpectedPaymentRecorded(
                f"Q{self.number}",
                self.company_id,
                "A",
                self.amount,
                self.curr_id,
                made + timedelta(500),
                made if at_once else made - timedelta(20),
                promise=promised_on is not None and at_once,
            )
        ]
        if promised_on is not None and not at_once:
            events.append(PromiseConfirmed(promised_on))
        if settled_on is not None:
            outcomes = {
                "kept": PromiseKept(settled_on, self.amount),
                "broken": PromiseBroken(settled_on, D(0)),
                "missed": ExpectedPaymentMissed(settled_on, D(0)),
                "withdrawn": PromiseWithdrawn("An error.", settled_on),
            }
            events.append(outcomes[self.outcome])
        return telling(PROMISE, (f"Q{self.number}",), *events)

    def counts(self, outcome: str, as_of: date, since: date = date.min) -> bool:
        """Whether it is a promise that was open, or settled so in a time, on a date."""
        if self.promised_on is None or self.promised_on > as_of:
            return False
        is_open = self.settled_on is None or self.settled_on > as_of
        if outcome == "open" or is_open:
            return outcome == "open" and is_open
        assert self.settled_on is not None
        return self.outcome == outcome and self.settled_on > since


def counted(promises: Sequence[Promised], *which: Any) -> Counted:
    amounts = [one.amount for one in promises if one.counts(*which)]
    return Counted(len(amounts), sum(amounts, D(0)))


@pytest.mark.parametrize("as_of", [day(0), date(2027, 3, 31), day(-100)])
def test_promises_are_counted_and_added_up_by_currency_and_window(
    database: Database, ledger: Tenant, as_of: date
) -> None:
    rng = random.Random(63)
    made = [Promised.at_random(rng, number) for number in range(120)]
    append(database, ledger, *(one.request for one in made))
    fold(database, ledger)
    asked = Asked(ledger.id, SiteOptions(), as_of)

    with database.connect("worker") as connection:
        found = fetch(connection, promise_totals(accounts_of(asked)))

    months = {"6 months": 6, "1 year": 12, "2 years": 24}
    for one in found:
        own = [
            promise
            for promise in made
            if (promise.company_id, promise.curr_id)
            == ({"EUR": "1", "USD": "2"}[one.home_curr_id], one.curr_id)
        ]
        assert one.open == counted(own, "open", as_of)
        assert one.kept == counted(own, "kept", as_of)
        assert one.broken == counted(own, "broken", as_of)
        assert [window.label for window in one.windows] == ["90 days", *months]
        for window in one.windows:
            since = as_of - timedelta(90)
            if window.label in months:
                since = months_before(as_of, months[window.label])
            assert window.kept == counted(own, "kept", as_of, since), window.label
            assert window.broken == counted(own, "broken", as_of, since), window.label
    assert len(found) == 4
    sums = groups(database, asked)
    for currency, group in sums.items():
        own = [one for one in found if one.home_curr_id == currency]
        figures = group.totals.figures
        assert sum(one.open.count for one in own) == figures["open_promise_count"]
        assert sum(one.broken.count for one in own) == figures["broken_promise_count"]
        for place, name in enumerate(
            (
                "broken_promise90_days",
                "broken_promise6_mnths",
                "broken_promises1_yr",
                "broken_promise2_yrs",
            )
        ):
            assert sum(one.windows[place].broken.count for one in own) == figures[name]
        assert group.promises == own


def months_before(on: date, months: int) -> date:
    """The date so many months earlier; the month's last day where it has no such day."""
    number = on.year * 12 + on.month - 1 - months
    first = date(number // 12, number % 12 + 1, 1)
    last = (first + timedelta(31)).replace(day=1) - timedelta(1)
    return first.replace(day=min(on.day, last.day))


# Whose accounts.


@pytest.fixture
def assigned(database: Database, ledger: Tenant) -> tuple[Tenant, datetime]:
    """Who works on what: max leads dana, who leads eve; and when nobody did yet."""
    before = recorded_at(database, ledger)
    append(
        database,
        ledger,
        registering("max", None, UserKind.CREDIT_MANAGER),
        registering("dana", "max", UserKind.CREDIT_USER),
        registering("eve", "dana", UserKind.CREDIT_USER),
        registering("ian", None, UserKind.INQUIRY_USER),
        assigning("1", "A", "dana"),
        assigning("1", "B", "eve"),
        assigning("2", "A", "max"),
    )
    fold(database, ledger)
    return ledger, before


@pytest.mark.parametrize(
    ("user_id", "scope", "usual", "accounts"),
    [
        ("max", Scope.OWN, Scope.TEAM, {"USD": 1}),
        ("max", Scope.TEAM, Scope.TEAM, {"EUR": 2, "USD": 1}),
        ("dana", Scope.OWN, Scope.OWN, {"EUR": 1}),
        ("dana", Scope.TEAM, Scope.OWN, {"EUR": 2}),
        ("eve", Scope.TEAM, Scope.OWN, {"EUR": 1}),
        ("ian", Scope.OWN, Scope.OWN, {}),
        ("ian", Scope.ALL, Scope.OWN, {"EUR": 2, "USD": 2}),
        (None, Scope.ALL, Scope.ALL, {"EUR": 2, "USD": 2}),
    ],
)
def test_a_dashboard_is_about_ones_own_accounts_the_teams_or_all(
    database: Database,
    assigned: tuple[Tenant, datetime],
    user_id: str | None,
    scope: Scope,
    usual: Scope,
    accounts: dict[str, int],
) -> None:
    tenant, _ = assigned
    found = read_dashboard(database, tenant, scope=scope, user_id=user_id, as_of=ON)
    assert {one.totals.home_curr_id: one.totals.accounts for one in found.groups} == accounts
    whose = None if scope is Scope.ALL else user_id
    assert (found.scope, found.user_id, found.as_of) == (scope, whose, ON)
    by_default = read_dashboard(database, tenant, user_id=user_id, as_of=ON)
    assert by_default.scope is usual


def test_teams_and_assignments_are_those_known_at_the_moment(
    database: Database, assigned: tuple[Tenant, datetime]
) -> None:
    tenant, before = assigned
    asked = Asked(tenant.id, SiteOptions(), ON, known_at=before)
    with database.connect("worker") as connection:
        members = fetch(connection, team(asked, "max"))
        now = fetch(connection, team(replace(asked, known_at=None), "max"))
    assert members == [Member("max", None)]
    assert now == [
        Member("max", "credit_manager"),
        Member("dana", "credit_user"),
        Member("eve", "credit_user"),
    ]
    assert usual_scope(members) is Scope.OWN
    assert groups(database, asked, in_scope(Scope.TEAM, members)) == {}
    with pytest.raises(Refused, match="No user max is known"):
        read_dashboard(database, tenant, user_id="max", known_at=before)
    assert len(read_dashboard(database, tenant, as_of=ON, known_at=before).groups) == 2


def test_an_empty_ledger_has_a_dashboard_without_groups(database: Database, tenant: Tenant) -> None:
    found = read_dashboard(database, tenant, as_of=ON)
    assert (found.scope, found.basis, found.groups) == (Scope.ALL, Basis.DUE, [])


@pytest.mark.parametrize("as_of", [date(1, 1, 1), date(9999, 12, 31)])
def test_the_ends_of_the_calendar_have_a_dashboard(
    database: Database, ledger: Tenant, as_of: date
) -> None:
    found = read_dashboard(database, ledger, as_of=as_of)
    for group in found.groups:
        assert group.dso is not None
        assert [one.on for one in group.dso] == month_ends(as_of)
        assert group.expected[-1].until == later(as_of, 35)
    assert later(date(9999, 12, 30), 7) == date.max
