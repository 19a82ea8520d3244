"""What was the case, and what a rule asks, in words that a person would say."""

from decimal import Decimal
from typing import Any

import pytest

from domain.rule_view import RuleView
from domain.strategy import starter_strategy
from projections.rule_views import checked_filter
from projections.rule_words import CaseInWords, asked_in_words

CALL = next(one for one in starter_strategy().rules if one.rule_id == "first-call")
OF_DOCUMENT = {"curr_id": "JPY", "home_curr_id": "CAD"}


def told(view: RuleView, text: str, **values: Any) -> str:
    """What was the case of a record with these values."""
    return CaseInWords(checked_filter(view, text)).of(values)


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        (
            "balance > 0 and due_date_days >= 1",
            {"balance": Decimal(693683), "due_date_days": 6, **OF_DOCUMENT},
            "693683 JPY open, 6 days past due",
        ),
        ("balance_hc > 0", {"balance_hc": Decimal("1.50"), **OF_DOCUMENT}, "1.50 CAD open"),
        ("balance_hc > 0", {"balance_hc": Decimal("1.50")}, "1.50 open"),
        ("due_date_days >= 0", {"due_date_days": 1}, "1 day past due"),
        ("due_date_days >= 0", {"due_date_days": 0}, "due that day"),
        ("due_date_days = -3", {"due_date_days": -3}, "due in 3 days"),
        ("due_date_days != 3", {"due_date_days": None}, "days past the due date unknown"),
        (
            CALL.filter,
            {
                "balance": Decimal("9.00"),
                "due_date_days": 8,
                "in_dispute": False,
                "account.total_age": Decimal("80.00"),
                "account.total_past_due": Decimal("60.00"),
                "account.open_promise_count": 0,
                "account.pending_payment_count": 0,
                "curr_id": "EUR",
                "home_curr_id": "EUR",
            },
            (
                "9.00 EUR open, 8 days past due, the account owes 80.00 EUR in all, 60.00 EUR of it"
                " past due"
            ),
        ),
        ("in_dispute = false", {"in_dispute": True}, "in dispute yes"),
    ],
)
def test_what_was_the_case_of_a_document(text: str, values: dict[str, Any], words: str) -> None:
    assert told(RuleView.INVOICE, text, **values) == words


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        (
            "available_credit < 0 and total_past_due > 0",
            {"available_credit": Decimal("-5.00"), "total_past_due": Decimal("7.00")},
            "the account is over its credit limit by 5.00 EUR, owes 7.00 EUR past due in all",
        ),
        ("available_credit > 0", {"available_credit": Decimal(3)}, "the account has 3 EUR of its"),
        (
            "date_estab_days <= 30 and open_documents > 0",
            {"date_estab_days": 1, "open_documents": 1},
            "the account has been a customer for 1 day, has 1 document open",
        ),
        (
            "broken_promise90_days > 0",
            {"broken_promise90_days": 2},
            "the account broke 2 promises within 90 days",
        ),
        ("udf10 = 'Y'", {"udf10": "Y"}, "user-defined field 10 “Y”"),
    ],
)
def test_what_was_the_case_of_an_account(text: str, values: dict[str, Any], words: str) -> None:
    assert told(RuleView.ACCOUNT, text, home_curr_id="EUR", **values).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("due_date_days >= 8 and due_date_days <= 21", "it is 8 to 21 days past due"),
        ("due_date_days <= 1 and due_date_days >= 1", "it is 1 day past due"),
        ("due_date_days >= -5 and due_date_days <= -1", "it is due in 1 to 5 days"),
        ("due_date_days >= 45", "it is at least 45 days past due"),
        ("due_date_days <= 3", "it is at most 3 days past due"),
        ("due_date_days = -3", "it is due in 3 days"),
        ("due_date_days = 0", "it is due that day"),
        ("due_date_days >= -5", "days past the due date is at least -5"),
        (
            "due_date_days >= -5 and due_date_days <= 5",
            "days past the due date is at least -5 and days past the due date is at most 5",
        ),
        ("due_date_days != 3", "days past the due date is not 3"),
        ("in_dispute = true", "in dispute holds"),
        ("balance > 5", "balance is greater than 5"),
        ("cust_po_no is unknown", "it names no purchase order"),
        (
            "balance > 0 and (type = 'CM' or type = 'IN')",
            'something is open of it and (type is "CM" or type is "IN")',
        ),
        (
            CALL.filter,
            (
                "something is open of it, it is 8 to 21 days past due, it is not in dispute, the"
                " account owes something in all, the account owes 50 past due or more, the account"
                " has no promise open and no payment of the account is on its way"
            ),
        ),
    ],
)
def test_what_a_rule_asks_of_a_document(text: str, words: str) -> None:
    assert asked_in_words(checked_filter(RuleView.INVOICE, text)) == words


def test_what_a_rule_asks_of_an_account() -> None:
    told = asked_in_words(
        checked_filter(RuleView.ACCOUNT, "available_credit < 0 and total_past_due > 0")
    )
    assert told == "the account is over its credit limit and the account owes something past due"
