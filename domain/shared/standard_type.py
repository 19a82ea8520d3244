"""The six standard types of activities (ACT-01); every type of one's own derives from one."""

from enum import StrEnum


class StandardType(StrEnum):
    """What an activity is at bottom; the words are those of the requirements."""

    ACCOUNT_NOTE = "AcctNote"
    DISPUTE = "Dispute"
    EMAIL_RECEIVED = "EmailRcd"
    EMAIL_SENT = "EmailSend"
    EXPECTED_PAYMENT = "ExpectPay"
    PHONE = "Phone"


STANDARD_NAMES = {
    StandardType.ACCOUNT_NOTE: "Account note",
    StandardType.DISPUTE: "Disputed invoice",
    StandardType.EMAIL_RECEIVED: "E-mail received",
    StandardType.EMAIL_SENT: "E-mail sent",
    StandardType.EXPECTED_PAYMENT: "Expected payment",
    StandardType.PHONE: "Phone call",
}
"""What each is called until somebody calls it otherwise."""


_BY_CODE = {one.value: one for one in StandardType}


def standard_type_of(code: str) -> StandardType | None:
    """Return the standard type of a code; None if the code is one of people's own."""
    return _BY_CODE.get(code)
