"""The types of records that have user-defined fields, and what their keys are made of (UDF-01)."""

from collections.abc import Mapping
from enum import StrEnum


class RecordType(StrEnum):
    """A type of record with ten user-defined fields: five of the ERP, five kept here."""

    CUSTOMER = "customer"
    SALES_PERSON = "sales_person"
    SALES_ORDER = "sales_order"
    INVOICE = "invoice"
    INVOICE_LINE = "invoice_line"
    PAYMENT = "payment"
    PAYMENT_APPLICATION = "payment_application"
    CONTACT = "contact"


KEYS: Mapping[RecordType, tuple[str, ...]] = {
    RecordType.CUSTOMER: ("company_id", "cust_id"),
    RecordType.SALES_PERSON: ("company_id", "sper_id"),
    RecordType.SALES_ORDER: ("company_id", "order_id"),
    RecordType.INVOICE: ("company_id", "tran_id"),
    RecordType.INVOICE_LINE: ("company_id", "tran_id", "line_no"),
    RecordType.PAYMENT: ("company_id", "payment_id"),
    RecordType.PAYMENT_APPLICATION: ("company_id", "tran_id", "payment_id"),
    RecordType.CONTACT: ("company_id", "cust_id", "cntct_id"),
}
"""The fields that make up the key of each type, in order."""

KEY_PARTS_MAX = 3
