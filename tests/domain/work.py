"""What the stories of issues and activities are about: an account and documents on it."""

from datetime import date
from decimal import Decimal

from domain.shared.facts import AccountFacts, CareFacts, DocumentFacts, UserFacts

TODAY = date(2026, 3, 2)
ACME = AccountFacts("1", "ACME", None)
DANA = UserFacts("dana", "credit_user", None, active=True)
EVE = UserFacts("eve", "credit_user", None, active=True)
RETIRED = UserFacts("rose", "credit_user", None, active=False)
CARED_FOR = CareFacts("eve", 3)


def invoice(tran_id: str, cust_id: str = "ACME", balance: str = "40.00") -> DocumentFacts:
    """An invoice of which something is open."""
    amount, open_amount = Decimal("100.00"), Decimal(balance)
    return DocumentFacts(
        "1",
        tran_id,
        cust_id,
        "IN",
        date(2026, 1, 1),
        date(2026, 1, 31),
        "USD",
        "EUR",
        amount * 2,
        amount,
        open_amount * 2,
        open_amount,
        None,
    )
