"""Read model: accounts, one row a customer of a company."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple

from domain.account import (
    ACCOUNT,
    AccountAmended,
    AccountDocument,
    AccountOpened,
    NamelessSalesPersonErased,
    without_nameless,
)
from domain.sales_person import SalesPersonErased
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, Naming, ReadModel, Row, Table, begins_stream, build


class AccountRow(Row, frozen=True, array_like=True, gc=False):
    """An account as known; `implied` if only documents have named it so far."""

    tenant: int
    company_id: str
    cust_id: str
    cust_name: str | None
    cust_class_id: str | None
    cust_status: str | None
    credit_limit: Decimal | None
    credit_hold: bool
    parent_id: str | None
    pmt_terms_id: str | None
    sper_id: str | None
    sper_name: str | None
    date_estab: date | None
    addr_line1: str | None
    addr_line2: str | None
    addr_line3: str | None
    addr_line4: str | None
    addr_line5: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    reference: str | None
    credit_score: str | None
    sales_territory: str | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    implied: bool
    known_from: datetime


class AccountState(Struct, gc=False):
    """An account while its events are folded."""

    document: AccountDocument
    implied: bool


def evolve(state: AccountState | None, recorded: Recorded) -> AccountState:
    """Remember the newest document; a row of its own ends that an account is implied."""
    if isinstance(recorded.event, NamelessSalesPersonErased):
        if state is None:
            raise LookupError(f"{recorded.stream} is not known.")
        return AccountState(without_nameless(state.document), state.implied)
    event = cast("AccountOpened | AccountAmended", recorded.event)
    return AccountState(event.document, isinstance(event, AccountOpened) and event.implied)


def rows(state: AccountState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the account's row."""
    return ((build(AccountRow, tenant, *astuple(state.document), state.implied, known_from),),)


def restore(stored: EntityRows) -> AccountState:
    """Return the state of a stored row."""
    row = cast("AccountRow", stored[0][0])
    return AccountState(AccountDocument(*astuple(row)[1:-2]), row.implied)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the account that an event is about."""
    return stream_key(recorded.stream)


def named_sales_person(recorded: Recorded) -> Mapping[str, str]:
    """Return what rows hold that name the sales person whom an event is about."""
    return dict(zip(("company_id", "sper_id"), stream_key(recorded.stream), strict=True))


_KEY = ("company_id", "cust_id")

ACCOUNTS: ReadModel[Any, AccountState] = ReadModel(
    name="accounts",
    tables=(Table("accounts", AccountRow, _KEY, _KEY),),
    handles=(AccountOpened, AccountAmended, NamelessSalesPersonErased),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
    naming=Naming(ACCOUNT.category, {SalesPersonErased: named_sales_person}),
)
