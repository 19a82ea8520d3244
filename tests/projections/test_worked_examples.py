"""What accounts and documents show of the work on them, by small examples with exact figures."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from application.handling import Consulted, Request
from domain import invoice
from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.activity import (
    ACTIVITY,
    CompleteActivity,
    RecordActivity,
)
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.dispute import DISPUTE, CloseDispute, OpenDispute
from domain.follow_up import SetFollowUp
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument
from domain.payment_schedule import PAYMENT_SCHEDULE, PlannedInstalment, SchedulePayments
from domain.promise import PROMISE, ConfirmPromise, JudgePromise, RecordExpectedPayment
from domain.scheduling import FollowUp
from domain.shared.facts import AccountFacts
from domain.site_options import SiteOptions
from projections.account_view import ACCOUNT_VIEW
from projections.activity_view import ACTIVITY_TAG_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.view import Asked, View
from runtime.database import Database
from runtime.dictionary import VIEWS
from runtime.tenants import Tenant
from tests.projections.ledger import request
from tests.projections.running import append, fold
from tests.projections.test_views import ask

KNOWN = AccountFacts("1", "A", None)
BEGAN = date(2015, 1, 1)
D = Decimal


def carried_out(database: Database, tenant: Tenant, *requests: Request) -> None:
    """Carry out commands and fold what they lead to."""
    append(database, tenant, *requests)
    fold(database, tenant)


def figures(
    database: Database,
    tenant: Tenant,
    view: View,
    as_of: date,
    *names: str,
    options: SiteOptions | None = None,
) -> list[Any]:
    """Some fields of the one record of a view on a date."""
    asked = Asked(tenant.id, options or SiteOptions(), as_of, in_past=True)
    (found,) = ask(database, view, asked, names).values()
    return [found[name] for name in names]


def opened(amount: str, *applications: Application, tran_date: date = BEGAN) -> list[Request]:
    """A company, an account and a document of an amount on it, due after 30 days."""
    due_on = tran_date + timedelta(30)
    told = InvoiceDocument(
        "1", "I1", "A", tran_date, D(amount), "EUR", D(amount), "EUR", due_date=due_on
    )
    return [
        request(COMPANY, ("1",), ImportCompany(CompanyDocument("1", "EUR"))),
        request(ACCOUNT, ("1", "A"), ImportAccount(AccountDocument("1", "A"))),
        request(INVOICE, ("1", "I1"), ImportInvoice(told, BEGAN, applications=applications)),
    ]


def asking_invoice(key: tuple[str, ...], decider: Any, command: Any) -> Request:
    """A command that asks for the document."""
    consults = (Consulted(INVOICE, ("1", "I1"), invoice.facts),)
    on = command.business_date
    return Request(decider, key, command, "t", on, "t", "t", consults=consults)


def disputing(amount: str, on: date) -> Request:
    """A part of the document is contested and excluded from aging."""
    command = OpenDispute("d", D(amount), on, "u", on, exclude_aging=True)
    return asking_invoice(("d",), DISPUTE, command)


def halving(on: date, first: date, amount: str) -> Request:
    """The document is to be paid in two halves, the second a month after the first."""
    planned = tuple(
        PlannedInstalment(first + timedelta(30 * number), D(amount)) for number in (0, 1)
    )
    command = SchedulePayments(planned, None, on)
    return asking_invoice(("1", "I1"), PAYMENT_SCHEDULE, command)


def activity(
    number: int, activity_type: str, on: date, *, complete: bool = False, **others: Any
) -> Request:
    """An activity on the account, tagged to the document where it says so."""
    command = RecordActivity(
        f"a{number}",
        "1",
        "A",
        activity_type,
        on,
        complete=complete,
        account=KNOWN,
        **others,
    )
    return request(ACTIVITY, (f"a{number}",), command)


def tagged(number: int, activity_type: str, on: date, *, complete: bool = False) -> Request:
    """An activity that is tagged to the document."""
    command: Any = opened("10")[2].command
    facts = invoice.facts(INVOICE.replay(INVOICE.decide(command, INVOICE.initial)))
    return activity(
        number, activity_type, on, complete=complete, tran_ids=("I1",), documents=(facts,)
    )


def test_v7_of_a_balance_of_ten_with_ten_disputed_and_excluded_nothing_counts(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, *opened("10"))
    carried_out(database, tenant, disputing("10", date(2015, 1, 20)))
    names = ("balance_hc", "excluded_amount_hc", "counted_balance_hc", "total_age", "in_dispute")
    before, since = date(2015, 1, 19), date(2015, 1, 20)
    assert figures(database, tenant, INVOICE_VIEW, before, *names) == [10, 0, 10, 10, False]
    assert figures(database, tenant, INVOICE_VIEW, since, *names) == [10, 10, 0, 0, True]
    names = ("total_age", "open_documents", "disputed_amount_hc", "daily_carry")
    options = SiteOptions(credit_apr=365)
    told = figures(database, tenant, ACCOUNT_VIEW, since, *names, options=options)
    assert told == [0, 0, 10, D("0.10")]

    closing = CloseDispute(date(2015, 2, 1), date(2015, 2, 1))
    carried_out(database, tenant, request(DISPUTE, ("d",), closing))
    names = ("total_age", "open_dispute_count", "dispute_count")
    for as_of, expected in ((date(2015, 1, 31), [0, 1, 1]), (date(2015, 2, 1), [10, 0, 1])):
        assert figures(database, tenant, ACCOUNT_VIEW, as_of, *names) == expected


def test_v8_an_account_is_112_days_late_on_7_may_with_an_activity_due_on_15_january(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, *opened("10"))
    first, other = date(2014, 1, 10), date(2014, 2, 10)
    carried_out(
        database,
        tenant,
        activity(1, "Phone", first, due_on=date(2014, 1, 15)),
        activity(2, "Phone", other, due_on=date(2014, 2, 15)),
        activity(3, "Phone", first, due_on=date(2014, 1, 11), complete=True),
    )
    names = ("oldest_due_date_days", "open_activity_count", "days_since_open_activity")
    as_of = date(2014, 5, 7)
    assert figures(database, tenant, ACCOUNT_VIEW, as_of, *names) == [112, 2, 86]


def test_v22_two_calls_that_are_tagged_to_an_invoice_count_as_two(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, *opened("10"))
    carried_out(
        database,
        tenant,
        tagged(1, "Phone", date(2015, 1, 21), complete=True),
        tagged(2, "Phone", date(2015, 2, 10), complete=True),
        tagged(3, "AcctNote", date(2015, 1, 20)),
    )
    names = (
        "tag_count",
        "first_com_date",
        "days_due_to1st_com",
        "last_com_date",
        "days_due_to_last_com",
        "days1st_com_to_pay",
    )
    one, two = date(2015, 1, 21), date(2015, 2, 10)
    assert figures(database, tenant, INVOICE_VIEW, one, *names) == [1, one, -10, one, -10, None]
    assert figures(database, tenant, INVOICE_VIEW, two, *names) == [2, one, -10, two, 10, None]

    settled = Application("P1", D(10), date(2015, 2, 20))
    carried_out(database, tenant, *opened("10", settled))
    names = ("days1st_com_to_pay", "days_last_com_to_pay", "days_due_to_pay")
    paid = date(2015, 2, 20)
    assert figures(database, tenant, INVOICE_VIEW, paid, *names) == [30, 10, 20]


def test_v23_five_calls_and_three_emails_that_are_tagged_are_eight_activities(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, *opened("10"))
    kinds = ["Phone"] * 5 + ["EmailSend"] * 3
    carried_out(database, tenant, *(tagged(n, one, BEGAN) for n, one in enumerate(kinds)))
    asked = Asked(tenant.id, SiteOptions(), BEGAN)
    found = ask(database, ACTIVITY_TAG_VIEW, asked)
    assert [key[1:] for key in found] == [("1", "I1")] * 8
    assert figures(database, tenant, INVOICE_VIEW, BEGAN, "tag_count") == [8]


WINDOWS = (
    "broken_promise_count",
    "broken_promise90_days",
    "broken_promise6_mnths",
    "broken_promises1_yr",
    "broken_promise2_yrs",
)


@pytest.mark.parametrize(
    ("as_of", "counts"),
    [
        (date(2015, 3, 1), [0, 0, 0, 0, 0]),
        (date(2015, 3, 2), [1, 1, 1, 1, 1]),
        (date(2015, 5, 30), [1, 1, 1, 1, 1]),
        (date(2015, 5, 31), [1, 0, 1, 1, 1]),
        (date(2015, 9, 1), [1, 0, 1, 1, 1]),
        (date(2015, 9, 2), [1, 0, 0, 1, 1]),
        (date(2016, 3, 1), [1, 0, 0, 1, 1]),
        (date(2016, 3, 2), [1, 0, 0, 0, 1]),
        (date(2017, 3, 1), [1, 0, 0, 0, 1]),
        (date(2017, 3, 2), [1, 0, 0, 0, 0]),
    ],
)
def test_v25_a_broken_promise_counts_in_four_windows_each_within_the_next(
    database: Database, tenant: Tenant, as_of: date, counts: list[int]
) -> None:
    promised = RecordExpectedPayment(
        "p", "1", "A", D(10), date(2015, 3, 1), BEGAN, "EUR", promise=True, account=KNOWN
    )
    judged = JudgePromise((), date(2015, 3, 9))
    carried_out(
        database,
        tenant,
        *opened("10"),
        request(PROMISE, ("p",), promised),
        request(PROMISE, ("p",), judged),
    )
    assert figures(database, tenant, ACCOUNT_VIEW, as_of, *WINDOWS) == counts


def test_an_expected_payment_counts_as_a_promise_since_it_is_one(
    database: Database, tenant: Tenant
) -> None:
    expected = RecordExpectedPayment(
        "p", "1", "A", D(10), date(2015, 3, 1), BEGAN, "EUR", account=KNOWN
    )
    confirmed = ConfirmPromise(date(2015, 1, 5))
    carried_out(
        database,
        tenant,
        *opened("10"),
        request(PROMISE, ("p",), expected),
        request(PROMISE, ("p",), confirmed),
    )
    names = ("open_promise_count", "next_expected_date")
    due = date(2015, 3, 1)
    for as_of, count in ((date(2015, 1, 4), 0), (date(2015, 1, 5), 1)):
        assert figures(database, tenant, ACCOUNT_VIEW, as_of, *names) == [count, due]


def test_an_activity_is_due_by_its_follow_up_since_that_was_set(
    database: Database, tenant: Tenant
) -> None:
    set_on = date(2015, 1, 5)
    follow_up = SetFollowUp(FollowUp(date(2015, 1, 8)), set_on)
    carried_out(
        database,
        tenant,
        *opened("10"),
        activity(1, "Phone", BEGAN),
        request(ACTIVITY, ("a1",), follow_up),
    )
    for as_of, late in ((date(2015, 1, 4), None), (set_on, -3), (date(2015, 1, 9), 1)):
        found = figures(database, tenant, ACCOUNT_VIEW, as_of, "oldest_due_date_days")
        assert found == [late]
    done = request(ACTIVITY, ("a1",), CompleteActivity(date(2015, 1, 9)))
    carried_out(database, tenant, done)
    found = figures(database, tenant, ACCOUNT_VIEW, date(2015, 1, 9), "oldest_due_date_days")
    assert found == [None]


def test_a_document_in_instalments_stays_due_with_the_earliest_unpaid_one_though_that_is_disputed(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, *opened("10"))
    first, second = date(2015, 2, 1), date(2015, 3, 3)
    carried_out(database, tenant, halving(BEGAN, first, "5"))
    names = ("due_date", "due_date_days", "counted_balance_hc", "proj_pmt_date")
    as_of = date(2015, 2, 10)
    whole = [first, 9, D(10), as_of]
    assert figures(database, tenant, INVOICE_VIEW, as_of, *names) == whole
    carried_out(database, tenant, disputing("5", BEGAN))
    assert figures(database, tenant, INVOICE_VIEW, as_of, *names) == [first, 9, D(5), as_of]
    carried_out(database, tenant, *opened("10", Application("P1", D(5), date(2015, 2, 9))))
    paid = [second, -21, D(0), second]
    assert figures(database, tenant, INVOICE_VIEW, as_of, *names) == paid


def test_a_credit_in_instalments_is_no_oldest_document_to_pay(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, *opened("10"))
    carried_out(database, tenant, halving(BEGAN, date(2015, 2, 1), "5"))
    names = ("oldest_tran_date_days", "total_age", "open_documents")
    options, as_of = SiteOptions(age_unapplied=True), date(2015, 1, 11)
    told = figures(database, tenant, ACCOUNT_VIEW, as_of, *names, options=options)
    assert told == [10, 10, 1]
    carried_out(database, tenant, *opened("-10"))
    told = figures(database, tenant, ACCOUNT_VIEW, as_of, *names, options=options)
    assert told == [None, -10, 1]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_field_of_a_view_can_be_asked_for_at_once(
    database: Database, tenant: Tenant, view: View
) -> None:
    assert ask(database, view, Asked(tenant.id, SiteOptions(), BEGAN)).keys() == (
        ask(database, view, Asked(tenant.id, SiteOptions(), BEGAN), view.key).keys()
    )
