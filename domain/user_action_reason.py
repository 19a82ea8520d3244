"""Why users should look after something, as the read models find it, and what they are told."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from domain.shared.currency import money_text
from domain.shared.user_action_kinds import UserActionKind


class Reason(Struct, frozen=True, gc=False):
    """A reason for an action of a kind: on which account, of whom, about what.

    `subject` is the id of the promise, the activity or the pending payment. `dated` is the date
    that was missed, or on which it began, `amount` is in `curr_id`; `note` is what somebody wrote.
    """

    kind: UserActionKind
    subject: str
    occasion: str
    company_id: str
    cust_id: str
    user_id: str | None
    dated: date
    amount: Decimal | None = None
    curr_id: str | None = None
    note: str | None = None

    @property
    def promise_id(self) -> str | None:
        """The promise that it is about."""
        about = (UserActionKind.BROKEN_PROMISE, UserActionKind.PROMISE_CONTRADICTED)
        return self.subject if self.kind in about else None

    @property
    def activity_id(self) -> str | None:
        """The activity whose follow-up it is about."""
        return self.subject if self.kind is UserActionKind.FOLLOW_UP_PAST_DUE else None

    @property
    def pending_payment_id(self) -> str | None:
        """The pending payment that it is about."""
        return self.subject if self.kind is UserActionKind.PAYMENT_UNRECONCILED else None

    @property
    def text(self) -> str:
        """What the user is told, in a sentence."""
        money = ""
        if self.amount is not None and self.curr_id is not None:
            money = f"{money_text(self.amount, self.curr_id)} {self.curr_id}"
        match self.kind:
            case UserActionKind.BROKEN_PROMISE:
                told = f"{money} promised for {self.dated} did not come in."
            case UserActionKind.PROMISE_CONTRADICTED:
                told = f"Payments speak against what the promise of {money} was judged to be."
            case UserActionKind.PAYMENT_UNRECONCILED:
                told = f"{money} paid online on {self.dated} are not in the ERP yet."
            case _:
                told = f"The follow-up of {self.dated} is past due."
        return f"{told} {self.note}" if self.note else told


class Gone(Struct, frozen=True, gc=False):
    """An open action whose reason is gone."""

    action_id: str
    kind: UserActionKind


GONE = {
    UserActionKind.BROKEN_PROMISE: "The amount has come in, or nothing is open of the invoices.",
    UserActionKind.PROMISE_CONTRADICTED: "Payments no longer speak against it.",
    UserActionKind.PAYMENT_UNRECONCILED: "It is reconciled, or is not told of any more.",
    UserActionKind.FOLLOW_UP_PAST_DUE: "It was followed up, set anew or withdrawn.",
}
"""Why an action of a kind is withdrawn."""
