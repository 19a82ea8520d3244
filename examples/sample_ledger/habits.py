"""The figures that the ledger follows: measured on real ledgers, or chosen and marked so."""

import math
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")


class Habit(NamedTuple):
    """How a kind of customer pays, in days after the due date."""

    share: float
    mean: float
    spread_of_means: float
    spread: float
    disputed: float


# Measured on the IBM ledger; the spread is what remains once disputes are explained.
HABITS: Final = {
    "early": Habit(0.29, -15.8, 4.9, 4.8, 0.147),
    "on time": Habit(0.27, -5.4, 2.0, 5.7, 0.147),
    "slightly late": Habit(0.16, 1.8, 1.6, 6.2, 0.318),
    "very late": Habit(0.18, 9.1, 3.1, 6.7, 0.304),
    "erratic": Habit(0.10, 5.7, 7.6, 7.1, 0.393),
}
MEASURED_LATE_SHARE: Final = 0.356
MEASURED_TERMS_DAYS: Final = 30
DISPUTE_DELAY_DAYS: Final = 14.3
AMOUNT_SPREAD: Final = 0.252
AMOUNT_FLOOR: Final = 0.088

# Measured on the fines.
NEVER_PAID_SHARE: Final = 0.537
LONG_WAIT_LOG_MEAN: Final = 5.63
LONG_WAIT_LOG_SPREAD: Final = 0.57
PARTS_SHARES: Final = (0.9395, 0.0592, 0.0011, 0.0002)  # One to four payments.
FIRST_PART_MEAN: Final = 0.585
FIRST_PART_SPREAD: Final = 0.086
PART_GAP_LOG_MEAN: Final = 3.95
PART_GAP_LOG_SPREAD: Final = 0.89
PART_GAP_DAYS_MIN: Final = 15  # Two weeks and a day, so that payment runs keep the parts apart.
SHORT_SHARE: Final = 0.0586
SHORT_PART_MEAN: Final = 0.60
SHORT_PART_SPREAD: Final = 0.127

# Chosen.
ORDERS: Final = (100_000, 1_000_000)
REFERENCES: Final = (100_000, 10_000_000)
SELDOM_PAYS_SHARE: Final = 0.05
AMOUNT_LOG_MEAN: Final = math.log(1500.0)
AMOUNT_LOG_SPREAD: Final = 1.0
AMOUNT_MIN: Final = 25.0  # USD, a customer's typical invoice.
INVOICES_PER_CUSTOMER: Final = 25
CUSTOMERS_PER_COMPANY_MIN: Final = 2
ZIPF_OFFSET: Final = 6.0
CHILD_SHARE: Final = 0.08
BILLED_TO_PARENT_SHARE: Final = 0.5
NEW_CUSTOMER_SHARE: Final = 0.08
NEW_CUSTOMER_WITHIN: Final = 0.9  # Of the history, so that the last ones have some invoices.
FOREIGN_CUSTOMER_SHARE: Final = 0.15
FOREIGN_INVOICE_SHARE: Final = 0.8  # Of a foreign customer's invoices.
PAYMENT_RUN_SHARE: Final = 0.4
CREDIT_MEMO_SHARE: Final = 0.02
FUTURE_SHARE: Final = 0.005
FUTURE_DAYS_MAX: Final = 90
BOOKED_AHEAD_DAYS_MAX: Final = 14
PO_MISSING_SHARE: Final = 0.15
SPECIAL_TERMS_SHARE: Final = 0.04
DISCOUNT_CUSTOMER_SHARE: Final = 0.1
DISCOUNT_PERCENT: Final = 2
DISPUTE_COMMENT_SHARE: Final = 0.25
COMMENT_SHARE: Final = 0.03
PROJECT_SHARE: Final = 0.3
POSTED_LATER_SHARE: Final = 0.05
POST_DATE_MISSING_SHARE: Final = 0.03
APPLIED_LATER_SHARE: Final = 0.05
APPLIED_LATER_DAYS_MAX: Final = 4
UNAPPLIED_SHARE: Final = 0.02
CONTACT_SHARES: Final = (0.5, 0.35, 0.15)  # One to three contacts.
TERMS: Final = ("NET10", "NET30", "NET45", "NET60")
TERMS_DAYS: Final = (10, 30, 45, 60)
TERMS_SHARES: Final = (0.15, 0.5, 0.2, 0.15)
STATUSES: Final = ("Active", "Inactive", "Out of Business")
STATUS_SHARES: Final = (0.965, 0.03, 0.005)

BLOCK_INVOICES: Final = 16_384
CHUNK_CUSTOMERS: Final = 4_096
DRAWS_PER_CUSTOMER: Final = 16
CALENDAR_LEAD_DAYS: Final = 7
CALENDAR_TAIL_DAYS: Final = FUTURE_DAYS_MAX + max(TERMS_DAYS) + 30
GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
FRIDAY: Final = 4
SATURDAY: Final = 5
SUNDAY: Final = 6
WEEK: Final = 7

CURRENCIES: Final = ("USD", "EUR", "GBP", "CAD", "AUD", "JPY")
YEN: Final = CURRENCIES.index("JPY")
USD_VALUES: Final = (1.0, 1.08, 1.27, 0.73, 0.66, 0.0067)
RATE_SWING: Final = 0.04
RATE_YEAR_DAYS: Final = 365.0
RATE_SCALE: Final = 1_000_000
MINOR: Final = 100
