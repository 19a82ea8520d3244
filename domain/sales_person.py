"""A sales person, as the ERP knows one (UDF-01)."""

from msgspec import Struct

from domain.shared.event import Event
from domain.shared.imported import imported


class SalesPersonDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a sales person; accounts and documents name them by `sper_id`."""

    company_id: str
    sper_id: str
    sper_name: str | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


class SalesPersonRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's sales person became known."""

    document: SalesPersonDocument


class SalesPersonAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the sales person."""

    document: SalesPersonDocument


SALES_PERSON = imported("sales_person", SalesPersonRecorded, SalesPersonAmended)
