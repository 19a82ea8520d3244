"""The small read models: each subject has its own row, and a change leaves its neighbour alone."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.account import AccountAmended, AccountDocument, AccountNoteAdded, AccountOpened
from domain.account_care import AccountAssigned, CreditRated, ScoreSource
from domain.api_key import ApiKeyIssued, ApiKeyRevoked, Role
from domain.company import CompanyAmended, CompanyDocument, CompanyRegistered
from domain.company_options import CompanyOptions, CompanyOptionsUpdated
from domain.contact import ContactAmended, ContactDocument, ContactRecorded
from domain.dispute import DisputeAmountChanged, DisputeOpened
from domain.invoice_reason import InvoiceReasonCleared, InvoiceReasonSet
from domain.payment import PaymentAmended, PaymentDocument, PaymentRecorded
from domain.reason_code import ReasonCodeDefined, ReasonCodeRetired
from domain.shared.event import Event
from domain.shared.person import Person
from domain.site_options import SiteOptions, SiteOptionsChanged
from domain.sync_run import SyncCompleted
from domain.user import UserKind, UserProfile, UserRegistered, UserRetired
from projections.catalogue import READ_MODELS
from tests.projections.test_folds import START, Tables, recorded

ON = date(2026, 3, 1)
PAYMENT = PaymentDocument("1", "P1", "ACME", ON, Decimal(60), "EUR")

TEN = Decimal(10)
DISPUTE = DisputeOpened("d1", "1", "I1", "ACME", TEN, TEN, "EUR", "EUR", ON, ON, "u")

CASES: list[tuple[str, str, Event, str, Event, Event, dict[str, Any]]] = [
    (
        "accounts",
        "account/1/ACME",
        AccountOpened(AccountDocument("1", "ACME"), implied=True),
        "account/1/BETA",
        AccountOpened(AccountDocument("1", "BETA")),
        AccountAmended(AccountDocument("1", "ACME", "Acme", credit_hold=True)),
        {"cust_name": "Acme", "credit_hold": True, "implied": False},
    ),
    (
        "companies",
        "company/1",
        CompanyRegistered(CompanyDocument("1", "EUR")),
        "company/2",
        CompanyRegistered(CompanyDocument("2", "EUR")),
        CompanyAmended(CompanyDocument("1", "EUR", "One", "Europe/Rome")),
        {"name": "One", "time_zone": "Europe/Rome"},
    ),
    (
        "company_options",
        "company_options/1",
        CompanyOptionsUpdated("1", CompanyOptions("dana")),
        "company_options/2",
        CompanyOptionsUpdated("2", CompanyOptions("dana")),
        CompanyOptionsUpdated("1", CompanyOptions(online_payments=True)),
        {"default_user_id": None, "online_payments": True},
    ),
    (
        "contacts",
        "contact/1/ACME/1",
        ContactRecorded(ContactDocument("1", "ACME", "1", Person("Zoe"))),
        "contact/1/ACME/2",
        ContactRecorded(ContactDocument("1", "ACME", "2", Person("Adam"))),
        ContactAmended(ContactDocument("1", "ACME", "1", Person("Zoë"), primary=True)),
        {"cntct_name": "Zoë", "is_primary": True},
    ),
    (
        "payments",
        "payment/1/P1",
        PaymentRecorded(PAYMENT),
        "payment/1/P2",
        PaymentRecorded(PaymentDocument("1", "P2", "ACME", ON, Decimal(1), "EUR")),
        PaymentAmended(PaymentDocument("1", "P1", "ACME", ON, Decimal(61), "EUR")),
        {"amount": Decimal(61)},
    ),
    (
        "api_keys",
        "api_key/k1",
        ApiKeyIssued("k1", "Dana", Role.ADMIN, "d1"),
        "api_key/k2",
        ApiKeyIssued("k2", "Eve", Role.AUDITOR, "d2"),
        ApiKeyRevoked("k1"),
        {"name": "Dana", "role": "admin", "revoked": True},
    ),
    (
        "reason_codes",
        "reason_code/PRICE",
        ReasonCodeDefined("PRICE", "Wrong price", 1),
        "reason_code/PO",
        ReasonCodeDefined("PO", "Missing PO"),
        ReasonCodeRetired("PRICE"),
        {"description": "Wrong price", "severity": 1, "active": False},
    ),
    (
        "disputes",
        "dispute/d1",
        DISPUTE,
        "dispute/d2",
        replace(DISPUTE, dispute_id="d2"),
        DisputeAmountChanged(Decimal(5), Decimal(5)),
        {"amount": Decimal(5), "amount_hc": Decimal(5), "closed_on": None},
    ),
    (
        "invoice_reasons",
        "invoice_reason/1/I1",
        InvoiceReasonSet("1", "I1", "PRICE", ON),
        "invoice_reason/1/I2",
        InvoiceReasonSet("1", "I2", "PRICE", ON),
        InvoiceReasonCleared("1", "I1", ON),
        {"reason_code": "PRICE", "cleared_on": ON},
    ),
    (
        "users",
        "user/dana",
        UserRegistered(UserProfile("dana", "Dana", UserKind.CREDIT_USER, None, "max")),
        "user/max",
        UserRegistered(UserProfile("max", "Max", UserKind.CREDIT_MANAGER)),
        UserRetired("dana"),
        {"kind": "credit_user", "manager_id": "max", "active": False},
    ),
    (
        "account_care",
        "account_care/1/ACME",
        AccountAssigned("1", "ACME", "dana"),
        "account_care/1/BETA",
        AccountAssigned("1", "BETA", "dana"),
        CreditRated("1", "ACME", "AA", ScoreSource.MANUAL, ON, "700"),
        {"assigned_user_id": "dana", "credit_score": "AA", "bureau_1": "700", "sales_reps": "[]"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_change_moves_one_row_to_history_and_leaves_its_neighbour(
    case: tuple[str, str, Event, str, Event, Event, dict[str, Any]],
) -> None:
    name, stream, began, other_stream, other, changed, expected = case
    (read_model,) = [one for one in READ_MODELS if one.name == name]
    tables = Tables(read_model)
    tables.take(recorded([[(stream, began)], [(other_stream, other)]]))
    before = set(tables.live[0])
    events = recorded([[(stream, began)], [(other_stream, other)], [(stream, changed)]])
    tables.take(events[2:])

    (new,) = tables.live[0] - before
    (old,) = before - tables.live[0]
    row = read_model.tables[0].row(*new)
    assert {field: getattr(row, field) for field in expected} == expected
    assert row.known_from == START + timedelta(minutes=2)  # type: ignore[attr-defined]
    assert tables.history == [[(*old, START + timedelta(minutes=2))]]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_it_is_the_same_in_one_page_or_in_several(
    case: tuple[str, str, Event, str, Event, Event, dict[str, Any]],
) -> None:
    name, stream, began, other_stream, other, changed, _ = case
    (read_model,) = [one for one in READ_MODELS if one.name == name]
    events = recorded([[(stream, began)], [(other_stream, other)], [(stream, changed)]])
    whole, pieces = Tables(read_model), Tables(read_model)
    whole.take(events)
    for event in events:
        pieces.take([event])
    assert pieces.state() == whole.state()


def test_notes_options_and_syncs_are_kept() -> None:
    by_name = {one.name: one for one in READ_MODELS}
    events = recorded(
        [
            [("account/1/ACME", AccountNoteAdded("1", "ACME", "n1", "text", ON))],
            [("site_options/site", SiteOptionsChanged(SiteOptions(age_unapplied=True)))],
            [("site_options/site", SiteOptionsChanged(SiteOptions()))],
            [("sync_run/r1", SyncCompleted("r1", ON, 5, 1, 2, 1, 1))],
        ]
    )
    found = {}
    for name in ("account_notes", "site_options", "sync_runs"):
        tables = Tables(by_name[name])
        tables.take(events)
        found[name] = {row[1:-1] for row in tables.live[0]}
    assert found == {
        "account_notes": {("1", "ACME", "n1", "text", ON)},
        "site_options": {("site", "{}")},
        "sync_runs": {("r1", ON, 5, 1, 2, 1, 1)},
    }
