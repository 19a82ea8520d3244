"""Which streams of the log are about a subject: its own, and those that belong to it.

An account has its documents, payments, issues and so on; a rule has its runs and what they made; a
user has what they did, whatever it was about. What once belonged to a subject stays so: the
read models' history is looked at, too.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from domain.account import ACCOUNT
from domain.account_care import ACCOUNT_CARE
from domain.activity import ACTIVITY
from domain.api_key import API_KEY
from domain.company import COMPANY
from domain.company_options import COMPANY_OPTIONS
from domain.contact import CONTACT
from domain.credit_class import CREDIT_CLASS
from domain.dispute import DISPUTE
from domain.invoice import INVOICE
from domain.invoice_line import INVOICE_LINE
from domain.invoice_note import INVOICE_NOTE
from domain.invoice_reason import INVOICE_REASON
from domain.issue import ISSUE
from domain.message import MESSAGE
from domain.payment import PAYMENT
from domain.payment_application import PAYMENT_APPLICATION
from domain.payment_schedule import PAYMENT_SCHEDULE
from domain.pending_payment import PENDING_PAYMENT
from domain.pending_payment_export import PENDING_PAYMENT_EXPORT
from domain.personal_contact import PERSONAL_CONTACT
from domain.promise import PROMISE
from domain.rule import RULE
from domain.rule_run import RULE_RUN
from domain.sales_order import SALES_ORDER
from domain.shared.record_types import RecordType
from domain.user import USER
from domain.user_action import USER_ACTION
from domain.user_fields import USER_FIELDS
from domain.work_calendar import WORK_CALENDAR, key_of
from projections.accounts import ACCOUNTS
from projections.activities import ACTIVITIES
from projections.api_keys import API_KEYS
from projections.contacts import CONTACTS
from projections.disputes import DISPUTES
from projections.invoice_lines import INVOICE_LINES
from projections.invoice_notes import INVOICE_NOTES
from projections.invoice_reasons import INVOICE_REASONS
from projections.invoices import INVOICES
from projections.issues import ISSUES
from projections.messages import MESSAGES
from projections.payment_application_fields import PAYMENT_APPLICATION_FIELDS
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.payments import PAYMENTS
from projections.pending_payment_exports import PENDING_PAYMENT_EXPORTS
from projections.pending_payments import PENDING_PAYMENTS
from projections.personal_contacts import PERSONAL_CONTACTS
from projections.projection import Table
from projections.promises import PROMISES
from projections.query import Query, sql
from projections.rule_issues import RULE_ISSUES
from projections.rule_runs import RULE_RUNS
from projections.rules import RULES
from projections.sales_orders import SALES_ORDERS
from projections.user_actions import USER_ACTIONS
from projections.user_fields import USER_FIELDS as FIELDS

KEY_PARTS_MAX = 3


class SubjectKind(StrEnum):
    """What a trail may be about."""

    ACCOUNT = "account"
    ACTIVITY = "activity"
    COMPANY = "company"
    CONTACT = "contact"
    CREDIT_CLASS = "credit_class"
    DISPUTE = "dispute"
    INVOICE = "invoice"
    ISSUE = "issue"
    PAYMENT = "payment"
    PENDING_PAYMENT = "pending_payment"
    PROMISE = "promise"
    RULE = "rule"
    USER = "user"


SUBJECT_KEYS: Mapping[SubjectKind, tuple[str, ...]] = {
    SubjectKind.ACCOUNT: ("company_id", "cust_id"),
    SubjectKind.ACTIVITY: ("activity_id",),
    SubjectKind.COMPANY: ("company_id",),
    SubjectKind.CONTACT: ("company_id", "cust_id", "cntct_id"),
    SubjectKind.CREDIT_CLASS: ("class_id",),
    SubjectKind.DISPUTE: ("dispute_id",),
    SubjectKind.INVOICE: ("company_id", "tran_id"),
    SubjectKind.ISSUE: ("issue_id",),
    SubjectKind.PAYMENT: ("company_id", "payment_id"),
    SubjectKind.PENDING_PAYMENT: ("pending_payment_id",),
    SubjectKind.PROMISE: ("promise_id",),
    SubjectKind.RULE: ("class_id", "rule_id"),
    SubjectKind.USER: ("user_id",),
}
"""What the key of each kind is made of, in order."""


class Subject(Struct, frozen=True):
    """What a trail is about: a kind and its key, in the order of `SUBJECT_KEYS`."""

    kind: SubjectKind
    key: tuple[str, ...]

    @property
    def named(self) -> str:
        """The subject as people write it, such as `account 406/0100`."""
        return f"{self.kind.value.replace('_', ' ')} {'/'.join(self.key)}"


def subject_parameters(subject: Subject) -> dict[str, str]:
    """Return the parameters that the SQL about a subject uses beside `tenant`."""
    padded = (*subject.key, *("" for _ in range(KEY_PARTS_MAX - len(subject.key))))
    return {f"subject_{place}": part for place, part in enumerate(padded)}


def subject_streams(subject: Subject) -> str:
    """Return the SQL of a subject's streams: one column `stream`, each of them once."""
    return "\nUNION\n".join(f"SELECT {one}" for one in _STREAMS[subject.kind]())


def subject_events(subject: Subject, columns: str) -> str:
    """Return the SQL of the events about a subject, with `columns` of `public.events e`.

    Each stream is looked up by itself, so that it costs in proportion to the subject's events
    and not to the log's.
    """
    of_streams = f"""SELECT {columns} FROM ({subject_streams(subject)}) s
        CROSS JOIN LATERAL (SELECT * FROM public.events x
            WHERE x.tenant = %(tenant)s AND x.stream = s.stream OFFSET 0) e"""
    if subject.kind is not SubjectKind.USER:
        return of_streams
    return f"""{of_streams}
        UNION ALL
        SELECT {columns} FROM public.events e
        WHERE e.tenant = %(tenant)s AND e.actor LIKE 'key/%%' AND e.actor = ANY(ARRAY(
            SELECT 'key/' || k.key_id FROM {_KEYS.name} k
            WHERE k.tenant = %(tenant)s AND k.user_id = {_FIRST}))
        AND e.stream NOT IN ({subject_streams(subject)})"""


def companies_with(tenant: int, kind: SubjectKind, own_id: str) -> Query[str]:
    """Return the question which companies have a record of an id, of a kind whose key has two."""
    table, column = _IN_COMPANIES[kind]
    statement = f"""SELECT o.company_id FROM {table.name} o
        WHERE {_TENANT} AND o.{column} = %(own_id)s ORDER BY o.company_id"""
    return Query(sql(statement), {"tenant": tenant, "own_id": own_id}, str)


# How the name of a stream is put together of columns, and which columns there are to ask.

_FIRST, _SECOND, _THIRD = (f"%(subject_{place})s" for place in range(KEY_PARTS_MAX))

_INVOICES, _APPLICATIONS, _ = INVOICES.tables
_ISSUES, _ISSUE_INVOICES = ISSUES.tables
_ACTIVITIES, _TAGS = ACTIVITIES.tables
_PROMISES, _PROMISE_INVOICES, _RECEIPTS = PROMISES.tables
_PENDING, _PENDING_INVOICES = PENDING_PAYMENTS.tables
_KEYS, _RULE_ISSUES = API_KEYS.tables[0], RULE_ISSUES.tables[0]

_IN_COMPANIES = {
    SubjectKind.ACCOUNT: (ACCOUNTS.tables[0], "cust_id"),
    SubjectKind.INVOICE: (_INVOICES, "tran_id"),
    SubjectKind.PAYMENT: (PAYMENTS.tables[0], "payment_id"),
}

_TENANT = "o.tenant = %(tenant)s"
_OF_ACCOUNT = f"o.company_id = {_FIRST} AND o.cust_id = {_SECOND}"
_OF_INVOICE = f"o.company_id = {_FIRST} AND o.tran_id = {_SECOND}"
_OF_PAYMENT = f"o.company_id = {_FIRST} AND o.payment_id = {_SECOND}"


def _named(category: str, *columns: str) -> str:
    """Return the SQL of the name of a stream (domain/shared/streams.py)."""
    return " || '/' || ".join((f"'{category}'", *map(_escaped, columns)))


def _escaped(column: str) -> str:
    return f"replace(replace({column}, '%%', '%%25'), '/', '%%2F')"


def _own(category: str, *columns: str) -> str:
    """Return the SQL of one stream, which is there or not."""
    return f"{_named(category, *(f'{one}::text' for one in columns))} AS stream"


def _of(table: Table, where: str, category: str, *columns: str) -> list[str]:
    """Return the SQL of the streams of the rows of a table, which never belong elsewhere."""
    return [f"{_named(category, *columns)} FROM {table.name} o WHERE {_TENANT} AND {where}"]


def _ever(table: Table, where: str, category: str, *columns: str) -> list[str]:
    """Return the SQL of the streams of the rows that there are, or ever were, in a table."""
    name = _named(category, *columns)
    return [f"{name} FROM {one} o WHERE {_TENANT} AND {where}" for one in table.names]


def _fields_of(kind: RecordType, table: Table, where: str, *columns: str) -> list[str]:
    """Return the SQL of the streams of user-defined fields of the records of a table."""
    joined = " AND ".join(f"f.key{place} = o.{one}" for place, one in enumerate(columns, 1))
    name = _named(USER_FIELDS.category, "f.record_type", *(f"o.{one}" for one in columns))
    (fields,) = FIELDS.tables
    joined += f" AND f.tenant = o.tenant AND f.record_type = '{kind.value}'"
    found = f"{table.name} o JOIN {fields.name} f ON {joined}"
    return [f"{name} FROM {found} WHERE {_TENANT} AND {where}"]


def _documents(where: str) -> list[str]:
    """Return the streams of documents and what stands on streams of its own about them."""
    joined = "d.tenant = o.tenant AND d.company_id = o.company_id AND d.tran_id = o.tran_id"
    found = _ever(_INVOICES, where, INVOICE.category, "o.company_id", "o.tran_id")
    for table, name in (
        (
            INVOICE_LINES.tables[0],
            _named(INVOICE_LINE.category, *_columns("d", "tran_id", "line_no")),
        ),
        (INVOICE_NOTES.tables[0], _named(INVOICE_NOTE.category, "d.note_id")),
        (INVOICE_REASONS.tables[0], _named(INVOICE_REASON.category, *_columns("d", "tran_id"))),
        (PAYMENT_SCHEDULES.tables[0], _named(PAYMENT_SCHEDULE.category, *_columns("d", "tran_id"))),
        (
            PAYMENT_APPLICATION_FIELDS.tables[0],
            _named(PAYMENT_APPLICATION.category, *_columns("d", "tran_id", "payment_id")),
        ),
    ):
        found += [
            f"{name} FROM {one} o JOIN {held} d ON {joined} WHERE {_TENANT} AND {where}"
            for one in _INVOICES.names
            for held in table.names
        ]
    name = _named(USER_FIELDS.category, "f.record_type", "f.key1", "f.key2")
    name += f" || CASE f.key3 WHEN '' THEN '' ELSE '/' || {_escaped('f.key3')} END"
    kinds = RecordType.INVOICE, RecordType.INVOICE_LINE, RecordType.PAYMENT_APPLICATION
    told = ", ".join(f"'{one.value}'" for one in kinds)
    found.append(
        f"{name} FROM {_INVOICES.name} o JOIN {FIELDS.tables[0].name} f ON f.tenant = o.tenant"
        f" AND f.record_type IN ({told}) AND f.key1 = o.company_id AND f.key2 = o.tran_id"
        f" WHERE {_TENANT} AND {where}"
    )
    return found


def _columns(alias: str, *names: str) -> list[str]:
    return [f"{alias}.{one}" for one in ("company_id", *names)]


def _about_activities(where: str) -> list[str]:
    """Return the streams of what activities led to; `where` is about their `activity_id`."""
    return [
        *_of(_PROMISES, where, PROMISE.category, "o.promise_id"),
        *_of(DISPUTES.tables[0], where, DISPUTE.category, "o.dispute_id"),
        *_of(USER_ACTIONS.tables[0], where, USER_ACTION.category, "o.action_id"),
    ]


def _account() -> Sequence[str]:
    of_account = _OF_ACCOUNT
    return [
        _own(ACCOUNT.category, _FIRST, _SECOND),
        _own(ACCOUNT_CARE.category, _FIRST, _SECOND),
        _own(USER_FIELDS.category, f"'{RecordType.CUSTOMER.value}'", _FIRST, _SECOND),
        *_of(
            CONTACTS.tables[0],
            of_account,
            CONTACT.category,
            "o.company_id",
            "o.cust_id",
            "o.cntct_id",
        ),
        *_fields_of(
            RecordType.CONTACT, CONTACTS.tables[0], of_account, "company_id", "cust_id", "cntct_id"
        ),
        *_documents(of_account),
        *_ever(PAYMENTS.tables[0], of_account, PAYMENT.category, "o.company_id", "o.payment_id"),
        *_fields_of(RecordType.PAYMENT, PAYMENTS.tables[0], of_account, "company_id", "payment_id"),
        *_ever(
            SALES_ORDERS.tables[0], of_account, SALES_ORDER.category, *_columns("o", "order_id")
        ),
        *_fields_of(
            RecordType.SALES_ORDER, SALES_ORDERS.tables[0], of_account, "company_id", "order_id"
        ),
        *_of(_ISSUES, of_account, ISSUE.category, "o.issue_id"),
        *_of(_ACTIVITIES, of_account, ACTIVITY.category, "o.activity_id"),
        *_of(_PROMISES, of_account, PROMISE.category, "o.promise_id"),
        *_of(DISPUTES.tables[0], of_account, DISPUTE.category, "o.dispute_id"),
        *_of(_PENDING, of_account, PENDING_PAYMENT.category, "o.pending_payment_id"),
        *_of(USER_ACTIONS.tables[0], of_account, USER_ACTION.category, "o.action_id"),
    ]


def _invoice() -> Sequence[str]:
    return [
        _own(INVOICE.category, _FIRST, _SECOND),
        *_documents(_OF_INVOICE),
        *_ever(_APPLICATIONS, _OF_INVOICE, PAYMENT.category, "o.company_id", "o.payment_id"),
        *_of(DISPUTES.tables[0], _OF_INVOICE, DISPUTE.category, "o.dispute_id"),
        *_ever(_ISSUE_INVOICES, _OF_INVOICE, ISSUE.category, "o.issue_id"),
        *_ever(_TAGS, _OF_INVOICE, ACTIVITY.category, "o.activity_id"),
        *_of(_PROMISE_INVOICES, _OF_INVOICE, PROMISE.category, "o.promise_id"),
        *_of(_PENDING_INVOICES, _OF_INVOICE, PENDING_PAYMENT.category, "o.pending_payment_id"),
    ]


def _payment() -> Sequence[str]:
    promises = f"""SELECT p.promise_id FROM {PAYMENTS.tables[0].name} o
        JOIN {_PROMISES.name} p USING (tenant, company_id, cust_id)
        WHERE {_TENANT} AND {_OF_PAYMENT}"""
    promise = PROMISE.category
    return [
        _own(PAYMENT.category, _FIRST, _SECOND),
        _own(USER_FIELDS.category, f"'{RecordType.PAYMENT.value}'", _FIRST, _SECOND),
        *_ever(_APPLICATIONS, _OF_PAYMENT, INVOICE.category, "o.company_id", "o.tran_id"),
        *_of(
            PAYMENT_APPLICATION_FIELDS.tables[0],
            _OF_PAYMENT,
            PAYMENT_APPLICATION.category,
            *_columns("o", "tran_id", "payment_id"),
        ),
        *_ever(_PENDING, _OF_PAYMENT, PENDING_PAYMENT.category, "o.pending_payment_id"),
        *_ever(
            _RECEIPTS, f"{_OF_PAYMENT} AND o.promise_id IN ({promises})", promise, "o.promise_id"
        ),
    ]


def _issue() -> Sequence[str]:
    of_issue = f"o.issue_id = {_FIRST}"
    activities = f"SELECT o.activity_id FROM {_ACTIVITIES.name} o WHERE {_TENANT} AND {of_issue}"
    return [
        _own(ISSUE.category, _FIRST),
        *_of(_ACTIVITIES, of_issue, ACTIVITY.category, "o.activity_id"),
        *_about_activities(f"o.activity_id IN ({activities})"),
    ]


def _activity() -> Sequence[str]:
    of_activity = f"o.activity_id = {_FIRST}"
    return [
        _own(ACTIVITY.category, _FIRST),
        *_of(
            _ACTIVITIES, f"{of_activity} AND o.issue_id IS NOT NULL", ISSUE.category, "o.issue_id"
        ),
        *_about_activities(of_activity),
    ]


def _promise() -> Sequence[str]:
    of_promise = f"o.promise_id = {_FIRST}"
    return [
        _own(PROMISE.category, _FIRST),
        *_of(USER_ACTIONS.tables[0], of_promise, USER_ACTION.category, "o.action_id"),
    ]


def _pending_payment() -> Sequence[str]:
    of_payment = f"o.pending_payment_id = {_FIRST}"
    return [
        _own(PENDING_PAYMENT.category, _FIRST),
        *_of(
            PENDING_PAYMENT_EXPORTS.tables[0],
            of_payment,
            PENDING_PAYMENT_EXPORT.category,
            "o.company_id",
        ),
        *_of(USER_ACTIONS.tables[0], of_payment, USER_ACTION.category, "o.action_id"),
    ]


def _made_by(where: str) -> list[str]:
    """Return the streams of what rules made: issues with their activities, and what came of it."""
    issues = f"SELECT o.issue_id FROM {_RULE_ISSUES.name} o WHERE {_TENANT} AND {where}"
    return [
        *_of(_RULE_ISSUES, where, ISSUE.category, "o.issue_id"),
        *_of(_ACTIVITIES, f"o.issue_id IN ({issues})", ACTIVITY.category, "o.activity_id"),
    ]


def _runs() -> list[str]:
    runs = "o.class_id", "to_char(o.business_date, 'YYYY-MM-DD')"
    return _of(RULE_RUNS.tables[0], f"o.class_id = {_FIRST}", RULE_RUN.category, *runs)


def _rule() -> Sequence[str]:
    return [
        _own(RULE.category, _FIRST, _SECOND),
        *_runs(),
        *_made_by(f"o.class_id = {_FIRST} AND o.rule_id = {_SECOND}"),
    ]


def _credit_class() -> Sequence[str]:
    of_class = f"o.class_id = {_FIRST}"
    return [
        _own(CREDIT_CLASS.category, _FIRST),
        *_of(RULES.tables[0], of_class, RULE.category, "o.class_id", "o.rule_id"),
        *_runs(),
        *_made_by(of_class),
    ]


def _user() -> Sequence[str]:
    of_user = f"o.user_id = {_FIRST}"
    (keys,) = API_KEYS.tables
    owned = f"o.owner IN (SELECT 'key/' || k.key_id FROM {keys.name} k"
    owned += f" WHERE k.tenant = %(tenant)s AND k.user_id = {_FIRST})"
    return [
        _own(USER.category, _FIRST),
        *_of(keys, of_user, API_KEY.category, "o.key_id"),
        *_of(MESSAGES.tables[0], of_user, MESSAGE.category, "o.message_id"),
        *_of(USER_ACTIONS.tables[0], of_user, USER_ACTION.category, "o.action_id"),
        *_of(PERSONAL_CONTACTS.tables[0], owned, PERSONAL_CONTACT.category, "o.contact_id"),
    ]


def _company() -> Sequence[str]:
    calendar = key_of("")[0]
    return [
        _own(COMPANY.category, _FIRST),
        _own(COMPANY_OPTIONS.category, _FIRST),
        _own(WORK_CALENDAR.category, f"'{calendar}'", _FIRST),
    ]


def _contact() -> Sequence[str]:
    return [
        _own(CONTACT.category, _FIRST, _SECOND, _THIRD),
        _own(USER_FIELDS.category, f"'{RecordType.CONTACT.value}'", _FIRST, _SECOND, _THIRD),
    ]


def _dispute() -> Sequence[str]:
    return [_own(DISPUTE.category, _FIRST)]


_STREAMS: Mapping[SubjectKind, Callable[[], Sequence[str]]] = {
    SubjectKind.ACCOUNT: _account,
    SubjectKind.ACTIVITY: _activity,
    SubjectKind.COMPANY: _company,
    SubjectKind.CONTACT: _contact,
    SubjectKind.CREDIT_CLASS: _credit_class,
    SubjectKind.DISPUTE: _dispute,
    SubjectKind.INVOICE: _invoice,
    SubjectKind.ISSUE: _issue,
    SubjectKind.PAYMENT: _payment,
    SubjectKind.PENDING_PAYMENT: _pending_payment,
    SubjectKind.PROMISE: _promise,
    SubjectKind.RULE: _rule,
    SubjectKind.USER: _user,
}
