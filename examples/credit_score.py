"""A credit score of one's own: a letter from A to E for how late an account pays.

`TALLYSTICK_CREDIT_SCORE=examples.credit_score:score tallystick credit-scores run`
"""

from decimal import Decimal
from typing import Any

GRADES = (("A", Decimal("0.05")), ("B", Decimal("0.20")), ("C", Decimal("0.40")))
"""The share of what is open that may be past due, by grade; more is a D."""

VERY_OLD_DAYS = 180
"""Days since the date of an open document from which on the grade is E."""


def score(account: Any) -> str | None:
    """Return the grade of an account; None while it owes nothing.

    `account` has the fields of `accounts` in the data dictionary, amounts as Decimal.
    """
    if account.due_total <= 0:
        return None
    if account.oldest_tran_date_days is not None and account.oldest_tran_date_days > VERY_OLD_DAYS:
        return "E"
    late = account.total_past_due / account.due_total
    return next((grade for grade, share in GRADES if late <= share), "D")
