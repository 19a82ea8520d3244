"""What collectors and customers say: all invented."""

from collections.abc import Sequence
from typing import Final

# fmt: off
CONTACT_NAMES: Final = (
    "Rosa Iversen", "Tomasz Lind", "Aiko Mori", "Bilal Haddad", "Chiara Fontana", "Denis Okoye",
    "Eva Králová", "Fatou Sarr",
)
CONTACT_TITLES: Final = ("Accounts payable", "Treasury", "Head of finance")
CALL_TIMES: Final = ("before 10", "after lunch", "Fridays")
PAYMENT_RUNS: Final = ("1st and 15th", "Every Thursday", "End of month")
# fmt: on
PORTAL: Final = "Upload every invoice as PDF"
ACCOUNT_NOTES: Final = (
    "Pays only against a statement of account; send one with each reminder.",
    "A new accounts payable team since the spring. Be patient, but keep calling.",
    "Asks for a longer term every year; the last answer was no.",
    "The owner decides on every payment above 10,000.",
)
INVOICE_NOTES: Final = (
    "Sent again as PDF, the first one never arrived.",
    "Approved by the customer's purchasing; waits for finance.",
    "The customer's copy names the wrong delivery address.",
)
CALLS: Final = (
    "Reached accounts payable: the invoice is approved and goes into the next run.",
    "Nobody picked up; left a message with the numbers of the invoices.",
    "The caller back did not know of the oldest invoice and asked for a copy.",
)
MAILS: Final = (
    "Sent the statement of account and asked for a date of payment.",
    "Sent copies of the invoices and the proof of delivery.",
)
ANSWERS: Final = (
    "Will pay as soon as the purchase order number is on the invoice.",
    "Asks for two more weeks.",
)
SUBJECTS: Final = (
    "Past-due balance",
    "No answer to reminders",
    "Copy of invoice asked for",
    "Larger order waits for payment",
)
NEXT_STEPS: Final = ("Call again", "Ask for the date of the next payment run", "Ask the sales rep")
PLANS: Final = ("Call before the next payment run.", "Ask what became of the copies.")
RESOLUTIONS: Final = ("Everything is agreed with the customer.", "The customer has paid.")
DISPUTE_NOTES: Final = (
    "Three of ten units are missing from the delivery.",
    "The price is that of last year's list.",
    "Two crates arrived wet; photos were sent.",
    "Asks for the invoice without tax.",
)
OUTCOMES: Final = ("Credit memo agreed", "Withdrawn by the customer")
PLAN_REASONS: Final = ("The customer is short of cash; agreed with sales.", "Seasonal business.")
PROMISES: Final = (
    "Will be in the next payment run.",
    "Pays when their own customer has paid.",
    "Promised by the head of finance.",
)


def pick(texts: Sequence[str], number: int) -> str:
    """Return the text that the account of a number gets."""
    return texts[number % len(texts)]
