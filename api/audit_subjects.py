"""GraphQL: what a trail of events is about."""

import strawberry
from strawberry.types.unset import UNSET

from api.errors import ApiError, Code
from domain.shared.text import can_be_kept
from projections.subjects import SUBJECT_KEYS, Subject, SubjectKind

_COMPANY = "The ERP company."
_ACCOUNT = "The account's id in the company."


@strawberry.input(description="An account.")
class AuditAccountInput:
    """An account."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description=_ACCOUNT)


@strawberry.input(description="A contact of an account.")
class AuditContactInput:
    """A contact of an account."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description=_ACCOUNT)
    cntct_id: str = strawberry.field(description="The contact's id.")


@strawberry.input(description="A document.")
class AuditInvoiceInput:
    """A document."""

    company_id: str = strawberry.field(description=_COMPANY)
    tran_id: str = strawberry.field(description="The document's number.")


@strawberry.input(description="A payment.")
class AuditPaymentInput:
    """A payment."""

    company_id: str = strawberry.field(description=_COMPANY)
    payment_id: str = strawberry.field(description="The payment's id.")


@strawberry.input(description="A rule.")
class AuditRuleInput:
    """A rule."""

    class_id: str = strawberry.field(description="Its credit class.")
    rule_id: str = strawberry.field(description="Its id in the class.")


@strawberry.input(description="What a trail is about: exactly one of these.")
class AuditSubjectInput:
    """What a trail is about."""

    account: AuditAccountInput | None = strawberry.field(
        default=UNSET,
        description="An account: itself, its care, contacts and notes, documents, payments and"
        " orders, issues, activities, promises, disputes, pending payments and user actions.",
    )
    activity: strawberry.ID | None = strawberry.field(
        default=UNSET, description="An activity by id: itself, its issue and what came of it."
    )
    company: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A company by id: itself, its options and its calendar."
    )
    contact: AuditContactInput | None = strawberry.field(
        default=UNSET, description="A contact of an account, with its user-defined fields."
    )
    credit_class: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="A credit class by id: itself, its rules, their runs and what they made.",
    )
    dispute: strawberry.ID | None = strawberry.field(default=UNSET, description="A dispute by id.")
    invoice: AuditInvoiceInput | None = strawberry.field(
        default=UNSET,
        description="A document: itself, its lines, notes, reason and schedule, the payments that"
        " were applied to it, its disputes, and the issues, activities, promises and pending"
        " payments that are about it.",
    )
    issue: strawberry.ID | None = strawberry.field(
        default=UNSET, description="An issue by id: itself, its activities and what came of them."
    )
    payment: AuditPaymentInput | None = strawberry.field(
        default=UNSET,
        description="A payment: itself, the documents to which it was applied, and the pending"
        " payments and promises that it was counted for.",
    )
    pending_payment: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A pending payment by id, with its exports."
    )
    promise: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A promise by id, with the user actions about it."
    )
    rule: AuditRuleInput | None = strawberry.field(
        default=UNSET,
        description="A rule: its versions, the runs of its class, and the issues and activities"
        " that it made.",
    )
    user: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="A user by id: everything that they did, whatever it was about, and their own"
        " record, keys, messages, user actions and personal contacts.",
    )

    def subject(self) -> Subject:
        """Return the subject.

        Raises:
            ApiError: if it is not one, or its key can be none.
        """
        given = [
            (kind, told)
            for kind in SubjectKind
            if (told := getattr(self, kind.value)) is not UNSET and told is not None
        ]
        if len(given) != 1:
            raise ApiError(Code.BAD_USER_INPUT, "Name exactly one subject of the trail.")
        kind, told = given[0]
        names = SUBJECT_KEYS[kind]
        key = tuple(
            str(told) if isinstance(told, str) else str(getattr(told, name)) for name in names
        )
        if not all(can_be_kept(part) for part in key):
            raise ApiError(Code.BAD_USER_INPUT, "An id is plain text, without the character NUL.")
        return Subject(kind, key)
