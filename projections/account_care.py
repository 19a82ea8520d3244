"""Read model: what collectors themselves say of accounts, beside what the ERP says (SYN-08)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

import msgspec

from domain.account_care import (
    AccountAssigned,
    AccountCare,
    AccountCareEvent,
    AccountClassified,
    CreditRated,
    DaysToRespondSet,
    OnlinePaymentsAllowed,
    PrimarySalesPersonSet,
    SalesRepsSet,
    ScoreSource,
)
from domain.account_care import evolve as remember
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class AccountCareRow(Row, frozen=True, array_like=True, gc=False):
    """What has been said of an account; `sales_reps` is a JSON list of ids.

    An account of which nothing has been said has no row.
    """

    tenant: int
    company_id: str
    cust_id: str
    assigned_user_id: str | None
    credit_class_id: str | None
    online_pmt_option: bool
    days_to_respond: int | None
    sales_reps: str
    credit_score: str | None
    credit_score_source: str | None
    credit_rated_on: date | None
    bureau_1: str | None
    bureau_2: str | None
    bureau_3: str | None
    sper_id: str | None
    known_from: datetime


class AccountCareState(msgspec.Struct, gc=False):
    """What has been said of an account while its events are folded."""

    company_id: str
    cust_id: str
    care: AccountCare


def evolve(state: AccountCareState | None, recorded: Recorded) -> AccountCareState:
    """Remember what was said."""
    event = cast("AccountCareEvent", recorded.event)
    care = remember(AccountCare() if state is None else state.care, event)
    return AccountCareState(event.company_id, event.cust_id, care)


def rows(state: AccountCareState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the account's row."""
    one = state.care
    return (
        (
            AccountCareRow(
                tenant,
                state.company_id,
                state.cust_id,
                one.assigned_user_id,
                one.credit_class_id,
                one.online_pmt_option,
                one.days_to_respond,
                msgspec.json.encode(one.sales_reps).decode(),
                one.credit_score,
                one.credit_score_source.value if one.credit_score_source else None,
                one.credit_rated_on,
                one.bureau_1,
                one.bureau_2,
                one.bureau_3,
                one.sper_id,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> AccountCareState:
    """Return the state of a stored row."""
    row = cast("AccountCareRow", stored[0][0])
    care = AccountCare(
        row.assigned_user_id,
        row.credit_class_id,
        row.online_pmt_option,
        row.days_to_respond,
        msgspec.json.decode(row.sales_reps, type=tuple[str, ...]),
        row.credit_score,
        ScoreSource(row.credit_score_source) if row.credit_score_source else None,
        row.credit_rated_on,
        row.bureau_1,
        row.bureau_2,
        row.bureau_3,
        row.sper_id,
        begun=True,
    )
    return AccountCareState(row.company_id, row.cust_id, care)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the account that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "cust_id")

ACCOUNT_CARE: ReadModel[Any, AccountCareState] = ReadModel(
    name="account_care",
    tables=(Table("account_care", AccountCareRow, _KEY, _KEY),),
    handles=(
        AccountAssigned,
        AccountClassified,
        OnlinePaymentsAllowed,
        DaysToRespondSet,
        SalesRepsSet,
        PrimarySalesPersonSet,
        CreditRated,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


def accounts_with(tenant: int, said: Mapping[str, Any]) -> Query[tuple[str, str]]:
    """Return the question for the keys of accounts of which all this has been said.

    `said` are values by column; for `sales_reps` it is one of them.
    """
    conditions = [
        "sales_reps::jsonb ? %(sales_reps)s"
        if name == "sales_reps"
        else f"{name} IS NOT DISTINCT FROM %({name})s"
        for name in said
    ]
    statement = (
        "SELECT company_id, cust_id FROM account_care"
        f" WHERE {' AND '.join(['tenant = %(tenant)s', *conditions])}"
    )
    return Query(sql(statement), {"tenant": tenant, **said}, lambda *key: key)
