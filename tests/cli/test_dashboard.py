"""The dashboard on the command line: as JSON and CSV, on a terminal, and drawn."""

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.exceptions import BadParameter
from msgspec.structs import replace
from rich.console import Console

from cli.charts import draw_dashboard
from cli.dashboard_screen import screen
from cli.values import CHART_FILE
from domain.aging import AgeUnit, Basis
from domain.user import UserKind
from projections.account_view import ACCOUNT_VIEW
from projections.dashboard import (
    AgedAmount,
    DsoMonth,
    ExpectedAmount,
    PaidSize,
    Scope,
    Totals,
)
from projections.promise_totals import Counted, PromiseTotals, PromiseWindow
from projections.trends import MonthPaid
from runtime.dashboards import Dashboard, DashboardGroup
from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.loading import load, recorded_at, write_csv
from tests.projections.running import append, fold
from tests.projections.test_dashboard import assigning, promised, registering

D = Decimal
ON = date(2026, 3, 31)
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id,balance,closing_tran_date"


@pytest.fixture
def tallystick(database: Database, tenant: Tenant, tmp_path: Path) -> Command:
    """The command for a ledger of two companies; max leads dana, who works on one account."""
    write_csv(
        tmp_path / "companies.csv",
        "company_id,name,home_currency,time_zone",
        ["1,One Ltd,EUR,UTC", "2,Two Inc,JPY,UTC"],
    )
    write_csv(
        tmp_path / "invoices.csv",
        INVOICES,
        [
            "1,I1,A,2026-01-01,2026-01-31,100,EUR,0,2026-02-10",
            "1,I2,A,2026-02-01,2026-03-03,200,EUR,200,",
            "1,I3,B,2026-03-01,2026-03-31,300,EUR,300,",
            "2,I1,A,2026-02-20,2026-02-25,7000,JPY,7000,",
        ],
    )
    assert load(database, tenant, tmp_path, business_date=ON).outcome.rejected == []
    append(
        database,
        tenant,
        registering("max", None, UserKind.CREDIT_MANAGER),
        registering("dana", "max", UserKind.CREDIT_USER),
        assigning("1", "A", "dana"),
        assigning("2", "A", "max"),
        promised(1, "1"),
    )
    fold(database, tenant)
    return Command(database, tenant)


def test_json_tells_every_figure(tallystick: Command) -> None:
    told = tallystick.told("dashboard", "--as-of", "2026-03-31")
    groups = told.pop("groups")
    assert told == {
        "scope": "all",
        "user": None,
        "as_of": "2026-03-31",
        "known_at": None,
        "aging_basis": "due",
    }
    euro, yen = groups
    totals = euro.pop("totals")
    assert list(totals) == [one.name for one in ACCOUNT_VIEW.totals]
    assert {
        name: totals[name]
        for name in ("total_age", "open_documents", "dso", "avg_days_late", "avg_days_to_pay7")
    } == {
        "total_age": "500.00",
        "open_documents": 2,
        "dso": "304.17",  # 500 / 600 x 365
        "avg_days_late": "10.00",
        "avg_days_to_pay7": None,
    }
    assert (yen["currency"], yen["totals"]["total_age"]) == ("JPY", "7000")
    aging = euro.pop("aging")
    assert list(aging) == ["due", "invoice"]
    assert aging["due"][:3] == [
        {"label": "future", "amount": "0.00"},
        {"label": "current", "amount": "300.00"},
        {"label": "1-30", "amount": "200.00"},
    ]
    sizes = euro.pop("days_to_pay_by_size")
    assert (len(sizes), sizes[1]) == (
        7,
        {
            "label": "500 to below 1000",
            "at_least": "500.00",
            "below": "1000.00",
            "avg_days_to_pay": None,
        },
    )
    days_late = euro.pop("days_late_trend")
    assert days_late[4:] == [
        {
            "month": "2026-02-01",
            "documents": 1,
            "avg_days_late": "10.00",
            "avg_days_late_weighted": "10.00",
        },
        {
            "month": "2026-03-01",
            "documents": 0,
            "avg_days_late": None,
            "avg_days_late_weighted": None,
        },
    ]
    panel = euro.pop("prior_six_months")
    assert (panel["shows"], len(panel["dso"])) == ("dso", 6)
    assert panel["dso"][0] == {"month": "2025-10-01", "on": "2025-10-31", "dso": None}
    none = {"count": 0, "amount": "0.00"}
    assert euro == {
        "currency": "EUR",
        "accounts": 2,
        "projected_payments": [
            {"days": 7, "until": "2026-04-07", "amount": "500.00"},
            {"days": 14, "until": "2026-04-14", "amount": "500.00"},
            {"days": 21, "until": "2026-04-21", "amount": "500.00"},
            {"days": 28, "until": "2026-04-28", "amount": "500.00"},
            {"days": 35, "until": "2026-05-05", "amount": "500.00"},
        ],
        "promises": [
            {
                "currency": "EUR",
                "open": {"count": 1, "amount": "10.00"},
                "kept": none,
                "broken": none,
                "windows": [
                    {"label": label, "kept": none, "broken": none}
                    for label in ("90 days", "6 months", "1 year", "2 years")
                ],
            }
        ],
    }


def test_whose_accounts_and_known_when_can_be_asked(
    tallystick: Command, database: Database, tenant: Tenant
) -> None:
    def seen(*arguments: str) -> tuple[str, str | None, dict[str, int]]:
        told = tallystick.told("dashboard", *arguments)
        return (
            told["scope"],
            told["user"],
            {one["currency"]: one["accounts"] for one in told["groups"]},
        )

    moment = recorded_at(database, tenant).isoformat()
    append(database, tenant, assigning("1", "A", None))
    fold(database, tenant)
    assert seen("--user", "max") == ("team", "max", {"JPY": 1})
    assert seen("--user", "max", "--known-at", moment) == ("team", "max", {"EUR": 1, "JPY": 1})
    assert seen("--user", "max", "--scope", "own") == ("own", "max", {"JPY": 1})
    assert seen("--user", "dana") == ("own", "dana", {})


def test_csv_has_a_row_for_each_figure(tallystick: Command) -> None:
    done = tallystick("dashboard", "--as-of", "2026-03-31", "--format", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["home_currency", "figure", "label", "value", "currency"]
    figures = {(home, figure, label): (value, unit) for home, figure, label, value, unit in rows}
    assert len(figures) == len(rows)
    assert figures["EUR", "accounts", ""] == ("2", "")
    assert figures["JPY", "total_age", ""] == ("7000", "JPY")
    assert figures["EUR", "aging_due", "1-30"] == ("200.00", "EUR")
    assert figures["EUR", "projected_payments", "2026-04-07"] == ("500.00", "EUR")
    assert figures["EUR", "promises_open", ""] == ("10.00", "EUR")
    assert figures["EUR", "promises_broken_count", "90 days"] == ("0", "")
    assert figures["EUR", "avg_days_late", "2026-02-01"] == ("10.00", "")
    assert figures["EUR", "dso", "2026-03-31"] == figures["EUR", "dso", ""] == ("304.17", "")


def test_a_chart_is_drawn_beside_what_is_printed(tallystick: Command, tmp_path: Path) -> None:
    chart = tmp_path / "aging.SVG"
    done = tallystick("dashboard", "--as-of", "2026-03-31", "--chart", str(chart))
    assert (done.returncode, done.stderr) == (0, f"Drawn to {chart}.\n")
    assert done.stdout.startswith("Dashboard of all accounts as of 2026-03-31\n")
    assert "EUR: 500.00 open by due date" in chart.read_text()
    assert "JPY: 7,000 open by due date" in chart.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--scope", "own"], 2, "--user ID"),
        (["--scope", "team"], 2, "--user ID"),
        (["--scope", "mine"], 2, "mine"),
        (["--as-of", "today"], 2, "YYYY-MM-DD"),
        (["--chart", "aging.pdf"], 2, "neither .png nor .svg"),
        (["--chart", "/nowhere/aging.png"], 2, "lies in no folder"),
        (["--user", "nobody"], 1, "No user nobody is known."),
    ],
)
def test_failures_say_why(
    database: Database, tenant: Tenant, arguments: list[str], code: int, says: str
) -> None:
    done = Command(database, tenant)("dashboard", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_chart_wants_a_place_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BadParameter, match="is a folder"):
        CHART_FILE.convert(str(tmp_path / "folder.png"), None, None)
    path = tmp_path / "aging.png"
    assert CHART_FILE.convert(str(path), None, None) == path
    monkeypatch.setattr("os.access", lambda _, __: False)
    with pytest.raises(BadParameter, match="cannot be written"):
        CHART_FILE.convert(str(path), None, None)


# What is shown and drawn, of figures that no ledger is needed for.


def paid(month: int, days: int) -> MonthPaid:
    return MonthPaid(None, None, "EUR", date(2026, month, 1), 1, days, D(10), D(10 * days))


FIGURES: dict[str, Any] = defaultdict(Decimal, total_age=D("1234567.5"), dso=None)

GROUP = DashboardGroup(
    Totals("EUR", 1, FIGURES),
    {
        Basis.DUE: [
            AgedAmount("future", D(0)),
            AgedAmount("current", D(1_000_000)),
            AgedAmount("1-30", D("-250000")),
            AgedAmount("31-60", D("484567.5")),
        ],
        Basis.INVOICE: [AgedAmount("future", D(0)), AgedAmount("current", D("1234567.5"))],
    },
    [PaidSize("all", None, None, D("-3.50"))],
    [ExpectedAmount(7, date(2026, 4, 7), D(0))],
    [
        PromiseTotals(
            "EUR",
            "USD",
            Counted(1, D(10)),
            Counted(2, D(20)),
            Counted(3, D(1000)),
            [PromiseWindow("90 days", Counted(), Counted(1, D(900)))],
        )
    ],
    [(date(2026, 2, 1), paid(2, -10)), (date(2026, 3, 1), None)],
    [
        DsoMonth(date(2026, 2, 1), date(2026, 2, 28), None),
        DsoMonth(date(2026, 3, 1), ON, D("45.50")),
    ],
)
DASHBOARD = Dashboard(Scope.TEAM, "da$x$na", ON, None, Basis.DUE, AgeUnit.DAYS, groups=[GROUP])
NOTHING = replace(
    GROUP,
    totals=Totals("JPY", 0, defaultdict(Decimal)),
    aging={
        basis: [AgedAmount(one.label, D(0)) for one in told] for basis, told in GROUP.aging.items()
    },
    promises=[],
    days_late=[(month, None) for month, _ in GROUP.days_late],
    dso=[DsoMonth(one.month, one.on, None) for one in GROUP.dso or ()],
)


def shown(found: Dashboard) -> list[str]:
    """The lines of what is shown, without the space at their ends."""
    console = Console(width=90, file=io.StringIO(), record=True)
    console.print(*screen(found), sep="\n")
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_bars_begin_at_zero_and_go_left_below_it() -> None:
    lines = shown(DASHBOARD)
    assert lines[0] == "Dashboard of accounts of da$x$na and team as of 2026-03-31"
    assert lines[1].startswith("EUR: 1 account ───")
    assert " current   1,000,000.00    81.0 %       ▕███████████████████" in lines
    assert " 1-30       -250,000.00   -20.3 %   ████▊" in lines
    assert " 31-60       484,567.50    39.2 %       ▕█████████" in lines
    assert " all           -3.50   ████████████████████████" in lines
    assert " 2026-02           1   -10.00     -10.00   ████████████████████████" in lines
    assert " 2026-03           0        -          -" in lines
    assert " 2026-02-28       -" in lines
    assert " Days sales outstanding                         -   days" in lines
    assert " ever         1   10.00      2   20.00        3   1,000.00" in lines
    assert " 90 days                     0    0.00        1     900.00" in lines


def test_who_sees_nothing_is_told_so() -> None:
    lines = shown(replace(DASHBOARD, scope=Scope.ALL, user_id=None, groups=[]))
    assert lines == ["Dashboard of all accounts as of 2026-03-31", "There are no accounts."]
    assert "JPY: 0 accounts" in "\n".join(shown(replace(DASHBOARD, groups=[NOTHING])))


def test_a_chart_names_what_it_shows_and_is_the_same_each_time(tmp_path: Path) -> None:
    found = replace(DASHBOARD, groups=[GROUP, NOTHING])
    drawn = []
    for number in range(2):
        path = tmp_path / f"{number}.svg"
        draw_dashboard(found, path)
        drawn.append(path.read_text())
    assert drawn[0] == drawn[1]
    for text in (
        "Dashboard of accounts of da$x$na and team as of 2026-03-31",
        "EUR: 1,234,567.50 open by due date",
        "days past due",
        "1M",
        "-250k",
        "485k",
        "EUR: days late of what was paid",
        "weighted by amount",
        "EUR: days sales outstanding",
        "45.5",
        "JPY: 0 open by due date",
        "none",
    ):
        assert f">{text}<" in drawn[0], text
    assert "dc:date" not in drawn[0]


def test_a_chart_may_be_a_picture_of_points_and_of_nothing(tmp_path: Path) -> None:
    panels = {"dso": [GROUP], "average": [replace(GROUP, dso=None)], "nothing": []}
    sizes: dict[str, tuple[int, int]] = {}
    for name, groups in panels.items():
        path = tmp_path / f"{name}.png"
        draw_dashboard(replace(DASHBOARD, groups=groups), path)
        image = path.read_bytes()
        assert image.startswith(b"\x89PNG\r\n\x1a\n")
        assert b"tEXt" not in image
        sizes[name] = int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")
    assert sizes["dso"][0] > sizes["average"][0] == sizes["nothing"][0]
    assert sizes["dso"][1] == sizes["average"][1] == sizes["nothing"][1]
