"""The fold by hand finds what may not be: logs that no run should write, one fault each."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.action_code import ActionCodeDefined, ActionCodeDocument
from domain.activity import ActivityCompleted, ActivityRecorded, ActivityWithdrawn
from domain.credit_class import CreditClassDefined, CreditClassDocument
from domain.invoice import InvoiceDocument, InvoiceRegistered, PaymentApplied
from domain.issue import (
    IssueConditionLapsed,
    IssueExtended,
    IssueOpened,
    IssueResolved,
    Resolver,
    RuleOrigin,
)
from domain.rule import RuleDefined, RuleDocument
from domain.rule_run import RuleOutcome, RuleRunCompleted
from domain.rule_view import RuleView
from domain.shared.event import Event
from domain.shared.standard_type import StandardType
from eventstore.log import Recorded
from tests.examples.actions_by_hand import ByHand

Told = tuple[str, Event]

DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(1)
HUNDRED = Decimal(100)


def document(tran_id: str, cust_id: str = "ACME") -> Told:
    told = InvoiceDocument("1", tran_id, cust_id, DAY, HUNDRED, "EUR", HUNDRED, "EUR")
    return f"invoice/1/{tran_id}", InvoiceRegistered(told, DAY, DAY)


def rule(rule_id: str, code: str) -> Told:
    told = RuleDocument(
        "A", rule_id, 1, rule_id, RuleView.INVOICE, "balance > 0", code, auto_close=True
    )
    return f"rule/A/{rule_id}", RuleDefined(1, told)


def code(name: str, activity_type: str, template: str | None = None) -> Told:
    told = ActionCodeDocument(name, 1, name, name, activity_type, template, cust_contact=True)
    return f"action_code/{name}", ActionCodeDefined(told)


def opened(
    issue_id: str, *tran_ids: str, on: date = DAY, rule_id: str = "call", reason: str = "Late."
) -> Told:
    origin = RuleOrigin("A", rule_id, 1, RuleView.INVOICE, 1)
    told = IssueOpened(
        issue_id, "1", "ACME", "It", on, tran_ids=tran_ids, origin=origin, reason=reason
    )
    return f"issue/{issue_id}", told


def recorded(issue_id: str, on: date = DAY, due: date | None = None, name: str = "CALL") -> Told:
    kind = StandardType.PHONE if name == "CALL" else StandardType.EMAIL_SENT
    told = ActivityRecorded(
        f"a-{issue_id}",
        "1",
        "ACME",
        kind.value,
        kind,
        on,
        issue_id,
        due_on=due or on,
        action_code=name,
    )
    return f"activity/a-{issue_id}", told


def paid(tran_id: str, on: date) -> Told:
    return f"invoice/1/{tran_id}", PaymentApplied("1", tran_id, "P", HUNDRED, HUNDRED, on)


def lapsed(issue_id: str, *tran_ids: str, on: date = NEXT) -> Told:
    return f"issue/{issue_id}", IssueConditionLapsed(on, tran_ids)


def closed(issue_id: str, resolution: str | None = "Paid.", on: date = NEXT) -> Told:
    return f"issue/{issue_id}", IssueResolved(on, Resolver.SOFTWARE, resolution)


def withdrawn(issue_id: str, reason: str = "Paid.", on: date = NEXT) -> Told:
    return f"activity/a-{issue_id}", ActivityWithdrawn(on, reason)


def completed(issue_id: str, on: date) -> Told:
    return f"activity/a-{issue_id}", ActivityCompleted(on)


def extended(issue_id: str, *tran_ids: str, on: date = NEXT) -> Told:
    return f"issue/{issue_id}", IssueExtended(on, tran_ids)


def ran(on: date, **outcome: int) -> Told:
    return f"rule_run/A/{on}", RuleRunCompleted("A", on, 1, (RuleOutcome("call", 1, **outcome),))


SITE: Sequence[Told] = (
    ("credit_class/A", CreditClassDefined(CreditClassDocument("A", "A", frequency_days=3))),
    code("CALL", "Phone"),
    code("LETTER", "EmailSend", "reminder"),
    rule("call", "CALL"),
    rule("letter", "LETTER"),
    document("I1"),
    document("I2"),
    document("B1", "BOLT"),
)


def folded(*told: Told) -> ByHand:
    by_hand = ByHand()
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    by_hand.fold(
        Recorded(number, stream, 1, event, moment)
        for number, (stream, event) in enumerate((*SITE, *told), 1)
    )
    return by_hand


def letter(issue_id: str, tran_id: str, on: date, due: date) -> tuple[Told, Told]:
    return (
        opened(issue_id, tran_id, on=on, rule_id="letter"),
        recorded(issue_id, on, due, "LETTER"),
    )


GOOD = (
    opened("x", "I1"),
    recorded("x"),
    ran(DAY, created=1),
    *letter("y", "I1", DAY, DAY),
    extended("x", "I2"),
    paid("I1", NEXT),
    paid("I2", NEXT),
    lapsed("x", "I1", "I2"),
    closed("x"),
    withdrawn("x"),
    ran(NEXT, closed=1),
    completed("y", DAY),
)


def test_what_may_be_is_not_wrong() -> None:
    by_hand = folded(*GOOD)
    assert by_hand.wrong == []
    assert list(by_hand.letters_too_soon()) == []
    assert by_hand.counts["closed"] == by_hand.counts["withdrawn"] == 1


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ((paid("I1", DAY), opened("x", "I1")), "x is about I1 which was paid on 2026-03-02"),
        ((opened("x", "B1"),), "x is about B1 of another account"),
        ((opened("x", "I1", reason=""),), "x was opened without a reason"),
        ((opened("x", "I1"), opened("z", "I1", on=NEXT)), "z tells I1 again, which x told"),
        (
            (opened("x", "I1"), recorded("x"), opened("z", "I2", on=NEXT)),
            "z stands beside x",
        ),
        ((opened("x", "I1"), recorded("x"), recorded("x")), "x has two activities"),
        ((opened("x", "I1"), extended("x", "I1")), "x tells I1 again, which x told"),
        (
            (opened("x", "I1"), lapsed("x", "I1"), closed("x"), extended("x", "I2")),
            "x was extended, though it was resolved",
        ),
        (
            (opened("x", "I1"), lapsed("x", "I1"), closed("x", None)),
            "x was closed without a reason",
        ),
        (
            (opened("x", "I1"), closed("x")),
            "x was closed, though its condition holds of ['I1']",
        ),
        (
            (opened("x", "I1"), recorded("x"), withdrawn("x")),
            "a-x was withdrawn, though open is x",
        ),
        (
            (
                opened("x", "I1"),
                recorded("x"),
                lapsed("x", "I1"),
                closed("x"),
                withdrawn("x", ""),
            ),
            "a-x was withdrawn on 2026-03-03 for no reason",
        ),
        (
            (opened("x", "I1"), recorded("x"), completed("x", DAY), completed("x", DAY)),
            "a-x was carried out, though nobody waited for it",
        ),
        (
            (opened("x", "I1"), recorded("x"), completed("x", DAY), *letter("y", "I2", NEXT, NEXT)),
            "a-y goes out on 2026-03-03 after a contact on 2026-03-02",
        ),
        (
            (*letter("x", "I1", DAY, DAY), *letter("y", "I2", NEXT, NEXT)),
            "a-y goes out on 2026-03-03 after a contact on 2026-03-02",
        ),
        (
            (opened("x", "I1"), ran(DAY, created=2)),
            "A 2026-03-02 tells created {'call': 2} and did {'call': 1}",
        ),
    ],
)
def test_what_may_not_be_is_found(told: Sequence[Told], wrong: str) -> None:
    assert wrong in folded(*told).wrong


def test_what_is_left_open_without_a_reason_is_found() -> None:
    by_hand = folded(opened("x", "I1"), paid("I1", NEXT), opened("y", "I2"), lapsed("y", "I2"))
    by_hand.day_is_over(NEXT)

    assert by_hand.wrong == [
        "x is open on 2026-03-03 though paid is I1",
        "y is open on 2026-03-03 without a subject",
    ]


def test_letters_that_were_sent_too_soon_are_found() -> None:
    first = (*letter("x", "I1", DAY, DAY), completed("x", DAY))
    by_hand = folded(*first, *letter("y", "I2", DAY, DAY + timedelta(3)), completed("y", NEXT))

    assert by_hand.wrong == []
    assert list(by_hand.letters_too_soon()) == [
        "('1', 'ACME') got letters on 2026-03-02 and 2026-03-03"
    ]
