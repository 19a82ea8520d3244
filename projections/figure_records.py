"""The records that figures of accounts are added up of, such as documents or issues."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct

from projections.view import Asked


class RecordKind(StrEnum):
    """What a record is that contributes to a figure; the category of its stream."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    DISPUTE = "dispute"
    PROMISE = "promise"
    ISSUE = "issue"
    ACTIVITY = "activity"
    PENDING_PAYMENT = "pending_payment"


class Records(Struct, frozen=True):
    """The records that the figures of a join are added up of.

    `by` says for each kind of record in which column its id is, null in records of another kind.
    `all` and `one` are the SQL of the join's figures as the join makes them, but record by record:
    of all accounts in one pass, or of the account that the row `c` is about. `alias` is what the
    fields that need the join call it.
    """

    alias: str
    by: Mapping[RecordKind, str]
    all: Callable[[Asked], str]
    one: Callable[[Asked], str]

    @property
    def kind(self) -> str:
        """The SQL of a record's kind."""
        return kind_sql(self.alias, self.by)

    @property
    def id(self) -> str:
        """The SQL of a record's id."""
        return id_sql(self.alias, self.by)


DOCUMENTS: Mapping[RecordKind, str] = {RecordKind.INVOICE: "tran_id"}
"""Columns of figures that documents alone make up."""

OPEN_ITEMS: Mapping[RecordKind, str] = {
    RecordKind.INVOICE: "tran_id",
    RecordKind.PAYMENT: "payment_id",
}
"""Columns of what is open: documents, and payments with what is not applied of them."""


def kind_sql(alias: str, by: Mapping[RecordKind, str]) -> str:
    """Return the SQL of the kind of the record that a row is of."""
    cases = " ".join(
        f"WHEN {alias}.{column} IS NOT NULL THEN '{kind}'" for kind, column in by.items()
    )
    return f"CASE {cases} END"


def id_sql(alias: str, by: Mapping[RecordKind, str]) -> str:
    """Return the SQL of the id of the record that a row is of."""
    return f"coalesce({', '.join(f'{alias}.{column}' for column in by.values())})"
