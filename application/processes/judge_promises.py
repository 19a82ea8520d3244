"""After each sync: promises are told what was received towards them, and judged (PRM-09)."""

from collections.abc import Iterable
from datetime import date

from application.handling import Request
from domain.promise import PROMISE, JudgePromise
from domain.receipts import Receipt


def judge_promises(
    proposals: Iterable[tuple[str, tuple[Receipt, ...]]],
    *,
    business_date: date,
    actor: str,
    cause: str,
) -> list[Request]:
    """Return what to ask of promises: each by id, with all receipts since it was made."""
    return [
        Request(
            PROMISE,
            (promise_id,),
            JudgePromise(receipts, business_date),
            actor=actor,
            business_date=business_date,
            cause=cause,
            correlation=cause,
        )
        for promise_id, receipts in proposals
    ]
