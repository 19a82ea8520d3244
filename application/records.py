"""Where it stands whether there is a record, for decisions about records of any type."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from application.handling import Consulted
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.contact import CONTACT
from domain.contact import is_known as is_known_contact
from domain.invoice import INVOICE, Invoice, Registered
from domain.invoice import facts as document_facts
from domain.invoice_line import INVOICE_LINE
from domain.payment import PAYMENT
from domain.payment import is_known as is_known_payment
from domain.sales_order import SALES_ORDER
from domain.sales_person import SALES_PERSON
from domain.sales_person import is_known as is_known_sales_person
from domain.shared.decider import Decider
from domain.shared.imported import is_known
from domain.shared.record_types import RecordType

_STREAMS: Mapping[RecordType, tuple[Decider[Any, Any, Any], Callable[[Any], bool]]] = {
    RecordType.CUSTOMER: (ACCOUNT, lambda state: account_facts(state) is not None),
    RecordType.SALES_PERSON: (SALES_PERSON, is_known_sales_person),
    RecordType.SALES_ORDER: (SALES_ORDER, is_known),
    RecordType.INVOICE: (INVOICE, lambda state: document_facts(state) is not None),
    RecordType.INVOICE_LINE: (INVOICE_LINE, is_known),
    RecordType.PAYMENT: (PAYMENT, is_known_payment),
    RecordType.CONTACT: (CONTACT, is_known_contact),
}


def existence(record_type: RecordType, key: tuple[str, ...]) -> Consulted:
    """Return what to consult on whether there is a record: its fact is true or false.

    An application has no stream of its own: its document knows it.
    """
    if record_type is RecordType.PAYMENT_APPLICATION:
        return Consulted(INVOICE, key[:2], partial(_is_applied, key[2:]))
    decider, is_there = _STREAMS[record_type]
    return Consulted(decider, key, is_there)


def _is_applied(payment: tuple[str, ...], document: Invoice) -> bool:
    """Whether the payment, told by the rest of the application's key, is applied."""
    return isinstance(document, Registered) and any(one in document.applications for one in payment)
