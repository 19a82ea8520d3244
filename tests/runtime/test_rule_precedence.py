"""Who decides where several say something: of users, days to respond, closing and contacts."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from application.handling import Consulted
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.account_care import ACCOUNT_CARE, SetDaysToRespond
from domain.account_care import facts as care_facts
from domain.dispute import DISPUTE, OpenDispute
from domain.invoice import INVOICE
from domain.invoice import facts as invoice_facts
from domain.issue import ISSUE, OpenIssue
from domain.user import USER, ChangeUser
from runtime.database import Database
from runtime.tenants import Tenant
from tests.runtime.rules import MONDAY, Site, day, did, rule

LATE = "due_date_days >= 1 and due_date_days <= 10"


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site whose accounts ACME and BOLT have a document each that comes due."""
    site = Site(database, tenant, tmp_path)
    site.document("I1")
    site.document("I2", cust_id="BOLT")
    site.sync(day(0))
    return site


def test_rule_15_the_rule_s_user_comes_before_the_account_s_while_active(site: Site) -> None:
    for user_id in ("erik", "mona"):
        site.register(user_id)
    site.assign("ACME", "dana")
    site.define(
        rule("named", LATE, override_user_id="erik"),
        rule("gone", LATE, seq_no=20, override_user_id="mona"),
        rule("usual", LATE, seq_no=30),
    )
    site.tell(USER, ("mona",), ChangeUser(active=False))

    site.run(day(1))

    assert site.activities() == [
        ("CALL", "ACME", day(1), "erik", None),
        ("CALL", "ACME", day(1), "dana", None),
        ("CALL", "ACME", day(1), "dana", None),
        ("CALL", "BOLT", day(1), "erik", None),
        ("CALL", "BOLT", day(1), None, None),
        ("CALL", "BOLT", day(1), None, None),
    ]


@pytest.mark.parametrize(
    ("of_rule", "of_account", "of_site", "days"),
    [(2, 5, 7, 2), (0, 5, 7, 5), (0, 0, 7, 7), (0, None, 7, 7), (2, None, 0, 2), (0, 5, 0, 5)],
)
def test_fup_04_days_to_respond_are_the_rule_s_else_the_account_s_else_the_site_s(
    site: Site, of_rule: int, of_account: int | None, of_site: int, days: int
) -> None:
    site.options(default_days_to_respond=of_site)
    key = ("1", "ACME")
    known = Consulted(ACCOUNT, key, account_facts)
    site.tell(ACCOUNT_CARE, key, SetDaysToRespond(of_account), known)
    site.define(rule("late", LATE, days_to_respond=of_rule))

    site.run(day(1))

    told = "SELECT cust_id, respond_by FROM activities WHERE tenant = %(tenant)s ORDER BY 1"
    neighbour = of_rule or of_site
    assert site.rows(told) == [
        ("ACME", day(1 + days)),
        ("BOLT", day(1 + neighbour) if neighbour else None),
    ]


@pytest.mark.parametrize("of_rule", [False, True])
@pytest.mark.parametrize("of_site", [False, True])
def test_rule_12_either_closes_what_rules_made_and_nothing_that_people_did(
    site: Site, *, of_rule: bool, of_site: bool
) -> None:
    """G7: either one on; what was done stays done, and issues of people are people's."""
    site.options(auto_close=of_site)
    site.define(rule("late", LATE, auto_close=of_rule), rule("done", LATE, seq_no=20))
    command = OpenIssue("mine", "1", "ACME", "Mine", day(0))
    key = ("1", "ACME")
    known = Consulted(ACCOUNT, key, account_facts), Consulted(ACCOUNT_CARE, key, care_facts)
    site.tell(ISSUE, ("mine",), command, *known)
    site.run(day(1))
    done = site.ids("activity_id")[1]
    site.complete(done, day(2))

    site.run(day(20), catch_up_days=0)

    closed = day(20) if of_rule or of_site else None
    by_site = day(20) if of_site else None
    assert {(one[0], one[1]): one[4] for one in site.issues()} == {
        ("late", "ACME"): closed,
        ("late", "BOLT"): closed,
        ("done", "ACME"): by_site,
        ("done", "BOLT"): by_site,
    }
    told = f"""SELECT completed_on, withdrawn_on FROM activities WHERE tenant = %(tenant)s
        AND activity_id = '{done}'"""
    assert site.rows(told) == [(day(2), None)]
    withdrawn = [one[4] for one in site.activities()]
    assert withdrawn == [closed, day(2), closed, by_site]
    mine = "SELECT resolved_on FROM issues WHERE tenant = %(tenant)s AND issue_id = 'mine'"
    assert site.rows(mine) == [(None,)]


@pytest.mark.parametrize(
    ("frequency", "on", "sent", "delayed"),
    [
        (3, 3, day(5), True),
        (3, 4, day(5), True),
        (3, 5, day(5), False),
        (3, 6, day(6), False),
        (1, 3, day(3), False),
        (0, 2, day(2), False),
    ],
)
def test_rule_19_a_letter_goes_from_the_day_on_that_the_frequency_allows(
    site: Site, frequency: int, on: int, sent: date, *, delayed: bool
) -> None:
    """Exactly when BD - last contact >= frequency; the contact was on the day 2."""
    site.define_class(frequency_days=frequency)
    site.define(rule("call", 'due_date_days = 1 and tran_id = "I1"'))
    site.run(day(1))
    site.complete(site.ids("activity_id")[0], day(2))
    site.define(rule("letter", f'due_date_days = {on} and tran_id = "I1"', "LETTER"))

    result = site.run(day(on))

    assert result.total("delayed") == int(delayed)
    assert site.activities()[-1] == ("LETTER", "ACME", sent, None, None)


def test_rule_26_what_a_dispute_excludes_is_no_reason_and_the_rest_of_it_is(site: Site) -> None:
    def contest(tran_id: str, amount: str) -> None:
        command: Any = OpenDispute(
            f"D-{tran_id}", Decimal(amount), MONDAY, "dana", MONDAY, exclude_aging=True
        )
        asked = Consulted(INVOICE, ("1", tran_id), invoice_facts)
        site.tell(DISPUTE, (command.dispute_id,), command, asked)

    contest("I1", "100.00")
    contest("I2", "30.00")
    site.define(rule("late", f"{LATE} and balance > 0"), rule("much", "balance > 70", seq_no=20))

    assert did(site.run(day(1))) == [1, 0, 0]

    assert [one[:2] for one in site.issues()] == [("late", "BOLT")]
