"""What a rule looks at: accounts, or documents together with the account they are on (RULE-04)."""

from enum import StrEnum


class RuleView(StrEnum):
    """Which records a rule is about."""

    ACCOUNT = "account"
    """Accounts, with all that is known of them."""

    INVOICE = "invoice"
    """Documents; the fields of their account are called `account.` and the field's name."""
