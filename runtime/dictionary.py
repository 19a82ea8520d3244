"""The data dictionary: events, views and tables, told from the code that defines them."""

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from domain.catalogue import DECIDERS
from projections.account_note_view import ACCOUNT_NOTE_VIEW
from projections.account_view import ACCOUNT_VIEW
from projections.action_code_view import ACTION_CODE_VIEW
from projections.action_list_view import ACTION_LIST_VIEW
from projections.activity_type_view import ACTIVITY_TYPE_VIEW
from projections.activity_view import ACTIVITY_TAG_VIEW, ACTIVITY_VIEW
from projections.audit_trail import AUDIT_TRAIL
from projections.catalogue import READ_MODELS
from projections.company_view import COMPANY_VIEW
from projections.contact_view import CONTACT_VIEW
from projections.credit_class_view import CREDIT_CLASS_VIEW
from projections.dispute_view import DISPUTE_VIEW
from projections.erasure_view import ERASURE_VIEW
from projections.grid_alert_view import GRID_ALERT_VIEW
from projections.invoice_line_view import INVOICE_LINE_VIEW
from projections.invoice_note_view import INVOICE_NOTE_VIEW
from projections.invoice_reason_view import INVOICE_REASON_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.issue_view import ISSUE_INVOICE_VIEW, ISSUE_VIEW
from projections.job_firing_view import JOB_FIRING_VIEW
from projections.legal_hold_view import LEGAL_HOLD_VIEW
from projections.message_view import MESSAGE_VIEW
from projections.payment_schedule_view import INSTALMENT_VIEW, PAYMENT_SCHEDULE_VIEW
from projections.payment_view import PAYMENT_APPLICATION_VIEW, PAYMENT_VIEW
from projections.pending_payment_view import (
    PENDING_PAYMENT_INVOICE_VIEW,
    PENDING_PAYMENT_VIEW,
)
from projections.personal_contact_view import PERSONAL_CONTACT_VIEW
from projections.personal_data_reads import PERSONAL_DATA_READS
from projections.promise_view import PROMISE_INVOICE_VIEW, PROMISE_RECEIPT_VIEW, PROMISE_VIEW
from projections.reason_code_view import REASON_CODE_VIEW
from projections.rule_run_view import RULE_RUN_VIEW
from projections.rule_version_view import RULE_VERSION_VIEW, RULE_VIEW
from projections.sales_order_view import SALES_ORDER_VIEW
from projections.sales_person_view import SALES_PERSON_VIEW
from projections.sync_run_view import SYNC_RUN_VIEW
from projections.sync_source_view import SYNC_SOURCE_VIEW
from projections.user_action_view import USER_ACTION_KIND_VIEW, USER_ACTION_VIEW
from projections.user_view import USER_VIEW

_TYPES = {"str": "text", "bool": "boolean", "int": "integer", "Decimal": "decimal"}

VIEWS = (
    COMPANY_VIEW,
    ACCOUNT_VIEW,
    ACCOUNT_NOTE_VIEW,
    CONTACT_VIEW,
    PERSONAL_CONTACT_VIEW,
    PERSONAL_DATA_READS,
    INVOICE_VIEW,
    INVOICE_LINE_VIEW,
    INVOICE_NOTE_VIEW,
    PAYMENT_VIEW,
    PAYMENT_APPLICATION_VIEW,
    REASON_CODE_VIEW,
    DISPUTE_VIEW,
    INVOICE_REASON_VIEW,
    PROMISE_VIEW,
    PROMISE_INVOICE_VIEW,
    PROMISE_RECEIPT_VIEW,
    ACTIVITY_TYPE_VIEW,
    CREDIT_CLASS_VIEW,
    ACTION_CODE_VIEW,
    RULE_VIEW,
    RULE_VERSION_VIEW,
    RULE_RUN_VIEW,
    ACTION_LIST_VIEW,
    USER_ACTION_VIEW,
    USER_ACTION_KIND_VIEW,
    MESSAGE_VIEW,
    GRID_ALERT_VIEW,
    SYNC_RUN_VIEW,
    SYNC_SOURCE_VIEW,
    JOB_FIRING_VIEW,
    ISSUE_VIEW,
    ISSUE_INVOICE_VIEW,
    ACTIVITY_VIEW,
    ACTIVITY_TAG_VIEW,
    PAYMENT_SCHEDULE_VIEW,
    INSTALMENT_VIEW,
    PENDING_PAYMENT_VIEW,
    PENDING_PAYMENT_INVOICE_VIEW,
    USER_VIEW,
    SALES_ORDER_VIEW,
    SALES_PERSON_VIEW,
    ERASURE_VIEW,
    LEGAL_HOLD_VIEW,
    AUDIT_TRAIL,
)


def data_dictionary() -> str:
    """Return the dictionary as Markdown."""
    return "\n".join(
        [
            "# Data dictionary",
            "",
            "Written by `make generated` from the code; a test compares.",
            "",
            *_events(),
            *_views(),
            *_tables(),
        ]
    )


def _events() -> Iterator[str]:
    yield "## Events"
    yield ""
    yield (
        "Stored for ever under these names and fields, as JSON: decimals and dates are text, fields"
        " at their default are left out. A stream is named `category/company/key`. What is personal"
        " of an event about a person is kept in one field `sealed`, encrypted under a key of that"
        " person, until they are erased."
    )
    yield ""
    for decider in DECIDERS:
        yield f"### Streams `{decider.category}/…`"
        yield ""
        for event in decider.events:
            yield f"**{event.__name__}**: {_summary(event)}"
            yield ""
            if event.personal:
                told = ", ".join(f"`{path}`" for path in event.personal)
                yield f"Encrypted where it is about a person: {told}."
                yield ""
            yield "| field | type |"
            yield "| --- | --- |"
            for name, hint in _hints(event):
                yield f"| `{name}` | {_type(hint)} |"
            yield ""
    for document in _documents():
        yield f"**{document.__name__}**: {_summary(document)}"
        yield ""
        yield "| field | type |"
        yield "| --- | --- |"
        for name, hint in _hints(document):
            yield f"| `{name}` | {_type(hint)} |"
        yield ""


def _hints(struct: type[Struct]) -> list[tuple[str, Any]]:
    """Return the fields of a struct with their types."""
    hints = typing.get_type_hints(struct)
    return [(name, hints[name]) for name in struct.__struct_fields__]


def _documents() -> list[type[Struct]]:
    """Return the structs that events hold, in the order in which they are met."""
    found: dict[type[Struct], None] = {}

    def look(struct: type[Any]) -> None:
        for _, hint in _hints(struct):
            for part in (hint, *typing.get_args(hint)):
                if inspect.isclass(part) and issubclass(part, Struct) and part not in found:
                    found[part] = None
                    look(part)

    for decider in DECIDERS:
        for event in decider.events:
            look(event)
    return list(found)


def _views() -> Iterator[str]:
    yield "## Fields"
    yield ""
    yield "What can be listed, filtered and ordered, in GraphQL under the same names in camelCase."
    yield ""
    for view in VIEWS:
        yield f"### {view.name}"
        yield ""
        yield view.description
        yield ""
        yield "| field | kind | meaning | source |"
        yield "| --- | --- | --- | --- |"
        for field in view.fields:
            kind = f"{field.kind} or null" if field.nullable else str(field.kind)
            if field.currency:
                kind += f" in `{field.currency}`"
            if field.personal:
                kind += ", personal"
            yield f"| `{field.name}` | {kind} | {field.description} | {field.source} |"
        yield ""


def _tables() -> Iterator[str]:
    yield "## Tables of read models"
    yield ""
    yield (
        "In the schema `read_models`. Each row carries since when it has been known; where a table"
        " has a history, replaced rows are kept in `…_history` with the moment until which they"
        " were known."
    )
    yield ""
    for read_model in READ_MODELS:
        for table in read_model.tables:
            yield f"### {table.name}"
            yield ""
            key = ", ".join(f"`{column}`" for column in table.key)
            history = "with a history" if table.history else "rows are only added"
            yield f"{_summary(table.row)} Key: {key}; {history}."
            yield ""
            yield ", ".join(f"`{column}`" for column in table.columns)
            yield ""


def _summary(one: type[Any]) -> str:
    return " ".join((inspect.getdoc(one) or "").split("\n\n")[0].split())


def _type(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        return " or ".join("null" if one is types.NoneType else _type(one) for one in hint.__args__)
    if typing.get_origin(hint) is tuple:
        return f"list of {_type(typing.get_args(hint)[0])}"
    name: str = hint.__name__
    return _TYPES.get(name, name)


if __name__ == "__main__":
    print(data_dictionary(), end="")  # noqa: T201
