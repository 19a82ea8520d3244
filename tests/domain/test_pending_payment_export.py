"""Exports of pending payments ..."""

from datetime import date

from domain.pending_payment_export import (
    EXPORT_MAX,
    PENDING_PAYMENT_EXPORT,
    ExportPendingPayments,
    PendingPaymentsExported,
)
from domain.shared.facts import PendingPaymentFacts
from tests.story import Story

exports = Story(PENDING_PAYMENT_EXPORT)

ON = date(2026, 3, 2)


def waiting(*ids: str) -> list[PendingPaymentFacts]:
    return [PendingPaymentFacts(one, "1", True) for one in ids]


def export(batch: str, *payments: PendingPaymentFacts | None) -> ExportPendingPayments:
    return ExportPendingPayments("1", batch, ON).knowing([True, *payments])


first = PendingPaymentsExported("1", "b1", ON, ("a", "b"))


def test_put_what_waits_into_a_file() -> None:
    exports.given().when(export("b1", *waiting("a", "b"))).then(first)
    assert first.effective_on(date(2030, 1, 1)) == ON


def test_hold_each_payment_once() -> None:
    again = export("b2", *waiting("a", "b", "c"))
    exports.given(first).when(again).then(PendingPaymentsExported("1", "b2", ON, ("c",)))
    exports.given(first).when(export("b2", *waiting("a", "b"))).then_nothing()
    exports.given(first).when(export("b1", *waiting("a", "c"))).then_nothing()
    exports.given().when(export("b1")).then_nothing()


def test_leave_out_what_does_not_wait_or_is_of_another_company_or_unknown() -> None:
    others = [PendingPaymentFacts("x", "1", False), PendingPaymentFacts("y", "2", True), None]
    exports.given().when(export("b1", *others, *waiting("a", "b"))).then(first)


def test_are_cut_into_files_of_a_size_that_can_be_handled() -> None:
    ids = [str(number) for number in range(EXPORT_MAX + 1)]
    (event,) = exports.given().when(export("b1", *waiting(*ids))).decided()
    assert event.pending_payment_ids == tuple(ids[:-1])


def test_are_of_a_company_that_there_is() -> None:
    command = ExportPendingPayments("9", "b1", ON).knowing([False])
    exports.given().when(command).then_refused("company_unknown", "companyId")
