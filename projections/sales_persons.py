"""Read model: sales persons of the ERP; of the erased there is nothing to be read but their ids."""

from datetime import datetime
from typing import Any

from domain.sales_person import (
    SalesPersonAmended,
    SalesPersonDocument,
    SalesPersonErased,
    SalesPersonRecorded,
)
from projections.newest_document import newest_document
from projections.projection import ReadModel, Row, Table


class SalesPersonRow(Row, frozen=True, array_like=True, gc=False):
    """A sales person as known."""

    tenant: int
    company_id: str
    sper_id: str
    sper_name: str | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    known_from: datetime


_KEY = ("company_id", "sper_id")

SALES_PERSONS: ReadModel[Any, SalesPersonDocument] = newest_document(
    Table("sales_persons", SalesPersonRow, _KEY, _KEY),
    SalesPersonDocument,
    (SalesPersonAmended, SalesPersonErased, SalesPersonRecorded),
)
