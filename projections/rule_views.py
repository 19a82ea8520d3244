"""What rules may ask about: accounts, and documents together with their account (RULE-04).

The fields are those of the views of accounts and of documents. Amounts that a dispute excludes
are ignored by rules (RULE-26), so a document's `balance` and `balance_hc` are less here than what
the ERP has open. The fields of a document's account are called `account.` and their name
(RULE-28); only those that are used are worked out, for all accounts in one pass.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

from msgspec.structs import replace

from domain.conditions import Condition, fields_of
from domain.rule_language import FilterRefused
from domain.rule_view import RuleView
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.typed_filters import (
    Vocabulary,
    checked_typed,
    read_typed,
    spelling,
    typed_condition,
    vocabulary,
)
from projections.view import Asked, Field, Kind, View

ACCOUNT_PREFIX = "account."
"""What the fields of a document's account begin with."""

_JOIN = "rule_account"
_COUNTED = ("open", "disputed")


def _effective(balance: str, excluded: str, currency: str) -> tuple[str, str]:
    """Return the meaning and the SQL of what counts of a balance (AGE-18)."""
    description = (
        "What is open on the as-of date, less what is disputed and excluded from aging, never"
        f" below nothing, in {currency}."
    )
    counted = f"greatest(o.{balance} - coalesce(q.{excluded}, 0), 0)"
    return description, f"CASE WHEN o.{balance} > 0 THEN {counted} ELSE o.{balance} END"


_EFFECTIVE = {
    "balance": _effective("balance", "excluded", "the customer's currency"),
    "balance_hc": _effective("balance_hc", "excluded_hc", "home currency"),
}


IS_OPEN = Field(
    "is_open", Kind.BOOLEAN, "Whether anything of it is open.", "(o.balance <> 0)", needs=("open",)
)
"""What holds of the documents that rules are about, beside their fields."""


def _of_document(field: Field) -> Field:
    """Return a document's field as rules mean it."""
    if field.name not in _EFFECTIVE:
        return field
    description, sql = _EFFECTIVE[field.name]
    source = f"{field.source}, RULE-26"
    return replace(field, description=description, sql=sql, needs=_COUNTED, source=source)


def _of_account(field: Field) -> Field:
    """Return the field of a document's account."""
    return replace(
        field,
        name=ACCOUNT_PREFIX + field.name,
        description=f"Of its account: {field.description}",
        sql=f'{_JOIN}."{ACCOUNT_PREFIX}{field.name}"',
        nullable=True,
        currency=field.currency and ACCOUNT_PREFIX + field.currency,
        needs=(_JOIN,),
    )


_DOCUMENT_FIELDS = (
    *map(_of_document, INVOICE_VIEW.fields),
    *map(_of_account, ACCOUNT_VIEW.fields),
)


@cache
def rule_fields(view: RuleView) -> Mapping[str, Field]:
    """Return the fields that rules of a view may use, by name; `account.<name>` on documents.

    They are all that can be compared: lists of values cannot (RULE-27).
    """
    fields = ACCOUNT_VIEW.fields if view is RuleView.ACCOUNT else _DOCUMENT_FIELDS
    return {field.name: field for field in fields if field.kind is not Kind.JSON}


def account_fields_of(condition: Condition) -> tuple[str, ...]:
    """Return the `account.<name>` fields that a condition uses, without the prefix, sorted."""
    return tuple(
        sorted(
            name.removeprefix(ACCOUNT_PREFIX)
            for name in fields_of(condition)
            if name.startswith(ACCOUNT_PREFIX)
        )
    )


_OF_ACTIONS = frozenset(
    {"issues", "open_activities", "closed_activities", "last_activity", "communicated"}
)
"""The joins of what follows from issues and activities."""


def fed_by_actions(view: RuleView, condition: Condition) -> tuple[str, ...]:
    """Return the fields of a condition that follow from issues and activities, sorted.

    They change by what rules make themselves.
    """
    found: list[str] = []
    for name in sorted(fields_of(condition)):
        own = name.removeprefix(ACCOUNT_PREFIX)
        of_document = view is RuleView.INVOICE and own == name
        needs = (INVOICE_VIEW if of_document else ACCOUNT_VIEW).field(own).needs
        if _OF_ACTIONS.intersection(needs):
            found.append(name)
    return tuple(found)


def rule_view(view: RuleView, account_fields: Sequence[str] = ()) -> View:
    """Return the view that rules are evaluated on, with just these fields of the account joined.

    It names all fields; those of the account that are not joined must not be asked for.
    """
    if view is RuleView.ACCOUNT:
        return ACCOUNT_VIEW
    return _document_view(tuple(sorted(set(account_fields))))


@lru_cache(maxsize=256)
def _document_view(account_fields: tuple[str, ...]) -> View:
    fields = [ACCOUNT_VIEW.field(name) for name in account_fields]
    return replace(
        INVOICE_VIEW,
        name="rule_invoices",
        description="Documents with what rules may ask of them and of their account.",
        fields=_DOCUMENT_FIELDS,
        joins={**INVOICE_VIEW.joins, _JOIN: _account_join(fields, few=False)},
        each={**INVOICE_VIEW.each, _JOIN: _account_join(fields, few=True)},
    )


def _account_join(fields: Sequence[Field], *, few: bool) -> Callable[[Asked], str]:
    """Return the join of some fields of the account, made for a few documents or for all."""

    def join(asked: Asked) -> str:
        columns = ", ".join(
            ["c.company_id AS of_company", "c.cust_id AS of_cust"]
            + [f'{field.sql} AS "{ACCOUNT_PREFIX}{field.name}"' for field in fields]
        )
        source = ACCOUNT_VIEW.from_clause(asked, fields, few=few)
        rows = f"SELECT {columns} {source} WHERE {ACCOUNT_VIEW.where(asked)}"
        same = "{0} = i.company_id AND {1} = i.cust_id"
        if few:
            own = same.format("c.company_id", "c.cust_id")
            return f"LEFT JOIN LATERAL ({rows} AND {own}) {_JOIN} ON true"
        return f"LEFT JOIN ({rows}) {_JOIN} ON " + same.format(
            f"{_JOIN}.of_company", f"{_JOIN}.of_cust"
        )

    return join


# Filters: fields that there are, compared with values of their types.


@lru_cache(maxsize=1_024)
def checked_filter(view: RuleView, text: str) -> Condition:
    """Return the condition that a filter says, its values of the types of their fields.

    What was read lately is not read again: a run asks for the same filters of every action.

    Raises:
        Refused: with filter_syntax, filter_field_unknown, filter_type_wrong, filter_too_deep or
            filter_too_large.
    """
    return checked_typed(_vocabulary(view), text)


def read_filter(view: RuleView, text: str) -> tuple[Condition, Sequence[FilterRefused]]:
    """Return what a filter says, and what is wrong with its fields and values, in order.

    Raises:
        Refused: if the text says no condition, or one that is too large.
    """
    return read_typed(_vocabulary(view), text)


def checked_condition(view: RuleView, condition: Condition) -> Condition:
    """Return a condition that was not written, its values of the types of their fields.

    Raises:
        Refused: as of a filter that says it.
    """
    return typed_condition(_vocabulary(view), condition)


@cache
def _vocabulary(view: RuleView) -> Vocabulary:
    """Return the fields of a view, for people who may mean those of another one."""
    records = "accounts" if view is RuleView.ACCOUNT else "documents"

    def helped(name: str) -> str | None:
        names = _vocabulary(view).names
        key = spelling(name)
        meant = names.get(spelling(ACCOUNT_PREFIX) + key) or names.get(
            key.removeprefix(ACCOUNT_PREFIX)
        )
        if meant is not None:
            return f"Do you mean {meant}?"
        if view is RuleView.ACCOUNT and key in _vocabulary(RuleView.INVOICE).names:
            return "Documents have: it is for rules about them."
        return None

    return vocabulary(records, rule_fields(view), helped)
