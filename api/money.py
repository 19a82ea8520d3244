"""Amounts of money."""

from decimal import Decimal

import strawberry

from domain.shared.currency import iso_code, money_text


@strawberry.type(description="An amount of money in a currency.")
class Money:
    """An amount of money."""

    amount: str = strawberry.field(
        description="The amount as decimal text, with at least the currency's own decimals."
    )
    currency: str = strawberry.field(description="ISO 4217 code of the currency.")

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """Return an amount in a currency as the ERP writes it."""
        return cls(amount=money_text(amount, currency), currency=iso_code(currency))
