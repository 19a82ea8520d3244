"""After a sync, pending payments are matched to the ERP's payments that arrived (PND-03, G2)."""

from collections.abc import Iterable
from datetime import date

from application.handling import Consulted, Request
from domain.payment import PAYMENT
from domain.payment import facts as payment_facts
from domain.pending_payment import PENDING_PAYMENT, MatchCandidate, ReconcilePendingPayment

CAUSE = "process/match_pending_payments"


def matches(candidates: Iterable[MatchCandidate]) -> list[MatchCandidate]:
    """Return the candidates that hold: each payment of the ERP is one pending payment's at most.

    A reference number says more than an amount, a near date more than a far one; among equals ids
    decide, so that the same candidates always lead to the same matches.
    """
    found: list[MatchCandidate] = []
    matched: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for one in sorted(candidates, key=_rank):
        payment = one.company_id, one.payment_id
        if one.pending_payment_id not in matched and payment not in taken:
            matched.add(one.pending_payment_id)
            taken.add(payment)
            found.append(one)
    return found


def _rank(one: MatchCandidate) -> tuple[bool, int, str, str, str]:
    return (
        not one.by_reference,
        one.days_apart,
        one.pending_payment_id,
        one.company_id,
        one.payment_id,
    )


def requests(
    candidates: Iterable[MatchCandidate], *, business_date: date, actor: str, correlation: str
) -> list[Request]:
    """Return the commands that reconcile what matches."""
    return [
        Request(
            PENDING_PAYMENT,
            (one.pending_payment_id,),
            ReconcilePendingPayment(one.payment_id, one.reconciled_by, business_date),
            actor=actor,
            business_date=business_date,
            cause=CAUSE,
            correlation=correlation,
            consults=(Consulted(PAYMENT, (one.company_id, one.payment_id), payment_facts),),
        )
        for one in matches(candidates)
    ]
