"""A record that the ERP alone tells of ..."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.invoice_line import (
    INVOICE_LINE,
    InvoiceLineAmended,
    InvoiceLineDocument,
    InvoiceLineRecorded,
)
from domain.sales_order import (
    SALES_ORDER,
    SalesOrderAmended,
    SalesOrderDocument,
    SalesOrderRecorded,
)
from domain.shared.decider import Decider, ImpossibleHistory
from domain.shared.imported import ImportDocument, is_known
from tests.story import Story

ON = date(2026, 3, 2)
LINE = InvoiceLineDocument("1", "I1", "1", "A-1", quantity=Decimal(2), amount=Decimal(9))
ORDER = SalesOrderDocument("1", "O1", "ACME", ON, Decimal(9), "EUR")

CASES = [
    (INVOICE_LINE, LINE, InvoiceLineRecorded, InvoiceLineAmended),
    (SALES_ORDER, ORDER, SalesOrderRecorded, SalesOrderAmended),
]


@pytest.mark.parametrize(("decider", "document", "recorded", "amended"), CASES)
def test_is_recorded_and_amended_as_it_is_told(
    decider: Decider[Any, Any, Any], document: Any, recorded: Any, amended: Any
) -> None:
    story, other = Story(decider), replace(document, udf5="other")
    story.given().when(ImportDocument(document)).then(recorded(document))
    story.given(recorded(document)).when(ImportDocument(other)).then(amended(other))
    back = story.given(recorded(document), amended(other))
    back.when(ImportDocument(document)).then(amended(document))
    assert [is_known(decider.replay(one)) for one in ([], [recorded(document)])] == [False, True]


@pytest.mark.parametrize(("decider", "document", "recorded", "amended"), CASES)
def test_refuses_a_history_that_cannot_be(
    decider: Decider[Any, Any, Any], document: Any, recorded: Any, amended: Any
) -> None:
    for history in ([amended(document)], [recorded(document), recorded(document)]):
        with pytest.raises(ImpossibleHistory):
            decider.replay(history)


def test_is_true_from_the_date_of_an_order_on() -> None:
    assert SalesOrderRecorded(ORDER).effective_on(date(2026, 5, 5)) == ON
