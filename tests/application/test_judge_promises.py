"""The process that judges promises: each proposal is one command, and neighbours are their own."""

from datetime import date
from decimal import Decimal

from application.handling import Request
from application.processes.judge_promises import judge_promises
from domain.promise import PROMISE, JudgePromise
from domain.receipts import Receipt

ON = date(2026, 3, 2)
RECEIPT = Receipt(ON, Decimal(5), "P1", "I1")


def test_each_promise_is_told_what_was_received_towards_it() -> None:
    requests = judge_promises(
        [("p", (RECEIPT,)), ("q", ())], business_date=ON, actor="key/1", cause="sync/9"
    )
    told = {"actor": "key/1", "business_date": ON, "cause": "sync/9", "correlation": "sync/9"}
    assert requests == [
        Request(PROMISE, ("p",), JudgePromise((RECEIPT,), ON), **told),  # type: ignore[arg-type]
        Request(PROMISE, ("q",), JudgePromise((), ON), **told),  # type: ignore[arg-type]
    ]


def test_without_proposals_nothing_is_asked() -> None:
    assert judge_promises([], business_date=ON, actor="a", cause="c") == []
