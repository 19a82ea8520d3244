"""What collectors themselves say of an account, beside what the ERP says of it (SYN-08).

    nothing said --assign, classify, allow, set, rate--> said
                 --begin--> assigned and classified as accounts are that come for the first time

The stream is one beside the account's, which the ERP owns; so no export can overwrite it.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain.credit_score import checked_score
from domain.shared.assignee import check_user
from domain.shared.credit_class import class_unknown
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.facts import AccountFacts, CareFacts, UserFacts

ID_CHARACTERS_MAX = 100
"""Characters of the id of a credit class or a sales person at most."""

DAYS_TO_RESPOND_MAX = 999
SALES_REPS_MAX = 100

BUREAUS = {"bureau_1": "bureau1", "bureau_2": "bureau2", "bureau_3": "bureau3"}
"""The scores of credit bureaus, in the order of the site's options, and how inputs name them."""


class ScoreSource(StrEnum):
    """Where a credit score comes from (ACC-10)."""

    MANUAL = "manual"
    COMPUTED = "computed"


# Events: stored for ever under these names and fields. Add, never rename.


class AccountAssigned(Event, frozen=True, omit_defaults=True, gc=False):
    """A user works on the account from now on (USR-10); nobody does without one (USR-09)."""

    company_id: str
    cust_id: str
    user_id: str | None = None


class AccountClassified(Event, frozen=True, omit_defaults=True, gc=False):
    """The account belongs to a credit class from now on, or to none."""

    company_id: str
    cust_id: str
    credit_class_id: str | None = None


class OnlinePaymentsAllowed(Event, frozen=True, omit_defaults=True, gc=False):
    """The customer may pay online from now on, or may not (ACC-24)."""

    company_id: str
    cust_id: str
    allowed: bool


class DaysToRespondSet(Event, frozen=True, omit_defaults=True, gc=False):
    """The customer has so many working days to respond, or as many as others (ACC-26)."""

    company_id: str
    cust_id: str
    days: int | None = None


class SalesRepsSet(Event, frozen=True, omit_defaults=True, gc=False):
    """These sell to the customer beside the primary sales person (ACC-20)."""

    company_id: str
    cust_id: str
    sales_reps: tuple[str, ...] = ()


class PrimarySalesPersonSet(Event, frozen=True, omit_defaults=True, gc=False):
    """This one sells to the customer, as far as the ERP names nobody (ACC-20)."""

    company_id: str
    cust_id: str
    sper_id: str | None = None


class CreditRated(Event, frozen=True, omit_defaults=True, gc=False):
    """The account's own credit score and those of credit bureaus are now these (ACC-10, ACC-11).

    `source` and `rated_on` say where and when the account's own score comes from.
    """

    company_id: str
    cust_id: str
    credit_score: str | None = None
    source: ScoreSource | None = None
    rated_on: date | None = None
    bureau_1: str | None = None
    bureau_2: str | None = None
    bureau_3: str | None = None


AccountCareEvent: TypeAlias = (
    AccountAssigned
    | AccountClassified
    | OnlinePaymentsAllowed
    | DaysToRespondSet
    | SalesRepsSet
    | PrimarySalesPersonSet
    | CreditRated
)


# Commands. Each asks the account, which must be known, before what else it asks.


class BeginCare(Struct, frozen=True, gc=False):
    """Let an account that came for the first time be worked on as its company's are (SYN-07).

    `user` is the company's default user, if it has one, and `credit_class_id` the site's default
    class. Nothing that somebody said of the account is changed.
    """

    account: AccountFacts | None
    user: UserFacts | None = None
    credit_class_id: str | None = None


class AssignAccount(Struct, frozen=True, gc=False):
    """Assign the account to a user, or to nobody."""

    user_id: str | None
    account: AccountFacts | None = None
    user: UserFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "AssignAccount":
        """Return the command that knows the account, and the user if one is named."""
        account, *user = facts
        return replace(self, account=account, user=user[0] if user else None)


class ClassifyAccount(Struct, frozen=True, gc=False):
    """Put the account into a credit class, or into none."""

    credit_class_id: str | None
    account: AccountFacts | None = None
    class_defined: bool = False

    def knowing(self, facts: Sequence[Any]) -> "ClassifyAccount":
        """Return the command that knows the account, and whether there is the class it names."""
        account, *class_defined = facts
        return replace(self, account=account, class_defined=class_defined == [True])


class LeaveClass(Struct, frozen=True, gc=False):
    """Take an account out of a class that there is no more; one in another class stays there."""

    credit_class_id: str
    account: AccountFacts | None = None
    class_defined: bool = False

    def knowing(self, facts: Sequence[Any]) -> "LeaveClass":
        """Return the command that knows the account, and whether there is the class."""
        return replace(self, account=facts[0], class_defined=facts[1])


class AllowOnlinePayments(Struct, frozen=True, gc=False):
    """Let the customer pay online, or not."""

    allowed: bool
    account: AccountFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "AllowOnlinePayments":
        """Return the command that knows the account."""
        return replace(self, account=facts[0])


class SetDaysToRespond(Struct, frozen=True, gc=False):
    """Give the customer so many working days to respond; 0 or none as many as others."""

    days: int | None
    account: AccountFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "SetDaysToRespond":
        """Return the command that knows the account."""
        return replace(self, account=facts[0])


class SetSalesReps(Struct, frozen=True, gc=False):
    """Say who sells to the customer beside the primary sales person."""

    sales_reps: tuple[str, ...]
    account: AccountFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "SetSalesReps":
        """Return the command that knows the account."""
        return replace(self, account=facts[0])


class SetPrimarySalesPerson(Struct, frozen=True, gc=False):
    """Say who sells to the customer where the ERP names nobody; None takes that back."""

    sper_id: str | None
    account: AccountFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "SetPrimarySalesPerson":
        """Return the command that knows the account."""
        return replace(self, account=facts[0])


class AddSalesRep(Struct, frozen=True, gc=False):
    """Let a user sell to the customer, too (ACC-21)."""

    user_id: str
    account: AccountFacts | None = None
    user: UserFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "AddSalesRep":
        """Return the command that knows the account and the user."""
        return replace(self, account=facts[0], user=facts[1])


class RateCredit(Struct, frozen=True, gc=False):
    """Say the account's credit score, those of credit bureaus, or both.

    Without `rated_on` a score is of the business date.
    """

    business_date: date
    credit_score: str | UnsetType | None = UNSET
    source: ScoreSource = ScoreSource.MANUAL
    rated_on: date | None = None
    bureau_1: str | UnsetType | None = UNSET
    bureau_2: str | UnsetType | None = UNSET
    bureau_3: str | UnsetType | None = UNSET
    account: AccountFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "RateCredit":
        """Return the command that knows the account."""
        return replace(self, account=facts[0])


class UpdateAccount(Struct, frozen=True, gc=False):
    """Set what is given of the three attributes that are set for many accounts (ACC-23)."""

    credit_class_id: str | UnsetType | None = UNSET
    assigned_user_id: str | UnsetType | None = UNSET
    online_pmt_option: bool | UnsetType = UNSET
    account: AccountFacts | None = None
    user: UserFacts | None = None
    class_defined: bool = False

    def knowing(self, facts: Sequence[Any]) -> "UpdateAccount":
        """Return the command that knows the account, and the user and the class if named."""
        account, *named = facts
        user = named.pop(0) if isinstance(self.assigned_user_id, str) else None
        return replace(self, account=account, user=user, class_defined=named == [True])


AccountCareCommand: TypeAlias = (
    BeginCare
    | AssignAccount
    | ClassifyAccount
    | LeaveClass
    | AllowOnlinePayments
    | SetDaysToRespond
    | SetSalesReps
    | SetPrimarySalesPerson
    | AddSalesRep
    | RateCredit
    | UpdateAccount
)


class AccountCare(Struct, frozen=True, gc=False):
    """What has been said of an account; `begun` if anything was, even if it was taken back."""

    assigned_user_id: str | None = None
    credit_class_id: str | None = None
    online_pmt_option: bool = False
    days_to_respond: int | None = None
    sales_reps: tuple[str, ...] = ()
    credit_score: str | None = None
    credit_score_source: ScoreSource | None = None
    credit_rated_on: date | None = None
    bureau_1: str | None = None
    bureau_2: str | None = None
    bureau_3: str | None = None
    sper_id: str | None = None
    begun: bool = False


def evolve(care: AccountCare, event: AccountCareEvent) -> AccountCare:
    """Remember `event`."""
    care = replace(care, begun=True)
    match event:
        case AccountAssigned(user_id=user_id):
            return replace(care, assigned_user_id=user_id)
        case AccountClassified(credit_class_id=credit_class_id):
            return replace(care, credit_class_id=credit_class_id)
        case OnlinePaymentsAllowed(allowed=allowed):
            return replace(care, online_pmt_option=allowed)
        case DaysToRespondSet(days=days):
            return replace(care, days_to_respond=days)
        case SalesRepsSet(sales_reps=sales_reps):
            return replace(care, sales_reps=sales_reps)
        case PrimarySalesPersonSet(sper_id=sper_id):
            return replace(care, sper_id=sper_id)
        case CreditRated():
            return replace(
                care,
                credit_score=event.credit_score,
                credit_score_source=event.source,
                credit_rated_on=event.rated_on,
                bureau_1=event.bureau_1,
                bureau_2=event.bureau_2,
                bureau_3=event.bureau_3,
            )


def decide(command: AccountCareCommand, care: AccountCare) -> Sequence[AccountCareEvent]:
    """Return the facts that `command` adds."""
    account = command.account
    if account is None:
        raise Refused("account_unknown", "There is no such account.", "custId")
    match command:
        case BeginCare(_, user, credit_class_id):
            return begin(account, care, user, credit_class_id)
        case AssignAccount(user_id, _, user):
            return assign(account, care, user_id, user, "userId")
        case ClassifyAccount(credit_class_id, class_defined=class_defined):
            return classify(account, care, credit_class_id, class_defined=class_defined)
        case LeaveClass(credit_class_id, class_defined=class_defined):
            if class_defined or credit_class_id != care.credit_class_id:
                return []
            return [AccountClassified(account.company_id, account.cust_id, None)]
        case AllowOnlinePayments(allowed):
            return allow_online_payments(account, care, allowed=allowed)
        case SetDaysToRespond(days):
            return set_days_to_respond(account, care, days)
        case SetSalesReps(sales_reps):
            return set_sales_reps(account, care, sales_reps)
        case SetPrimarySalesPerson(sper_id):
            return set_primary_sales_person(account, care, sper_id)
        case AddSalesRep():
            return add_sales_rep(account, care, command)
        case RateCredit():
            return rate_credit(account, care, command)
        case UpdateAccount():
            return update(account, care, command)


def begin(
    account: AccountFacts,
    care: AccountCare,
    user: UserFacts | None,
    credit_class_id: str | None,
) -> list[AccountCareEvent]:
    """Assign and classify an account of which nobody said anything; a retired user is nobody."""
    if care.begun:
        return []
    events: list[AccountCareEvent] = []
    if user is not None and user.active:
        events.append(AccountAssigned(account.company_id, account.cust_id, user.user_id))
    if credit_class_id is not None:
        events.append(AccountClassified(account.company_id, account.cust_id, credit_class_id))
    return events


def assign(
    account: AccountFacts,
    care: AccountCare,
    user_id: str | None,
    user: UserFacts | None,
    field: str,
) -> list[AccountCareEvent]:
    """Assign an account to an active user, or to nobody."""
    if user_id == care.assigned_user_id:
        return []  # assigned already
    if user_id is not None:
        check_user(user_id, user, field)
    return [AccountAssigned(account.company_id, account.cust_id, user_id)]


def classify(
    account: AccountFacts, care: AccountCare, credit_class_id: str | None, *, class_defined: bool
) -> list[AccountCareEvent]:
    """Put an account into a credit class that there is, or into none (RULE-01)."""
    kept = checked_id(credit_class_id, "credit_class_invalid", "creditClassId")
    if kept == care.credit_class_id:
        return []  # in it already
    if kept is not None and not class_defined:
        raise class_unknown(kept, "creditClassId")
    return [AccountClassified(account.company_id, account.cust_id, kept)]


def allow_online_payments(
    account: AccountFacts, care: AccountCare, *, allowed: bool
) -> list[AccountCareEvent]:
    """Let a customer pay online, or not."""
    if allowed == care.online_pmt_option:
        return []  # so already
    return [OnlinePaymentsAllowed(account.company_id, account.cust_id, allowed)]


def set_days_to_respond(
    account: AccountFacts, care: AccountCare, days: int | None
) -> Sequence[AccountCareEvent]:
    """Give a customer a time to respond of its own; 0 stands for none [C14]."""
    if days is not None and not 0 <= days <= DAYS_TO_RESPOND_MAX:
        raise Refused(
            "days_to_respond_invalid",
            f"A customer has from 0 to {DAYS_TO_RESPOND_MAX} days to respond; 0 stands for as"
            " many as others have.",
            "daysToRespond",
        )
    kept = days or None
    if kept == care.days_to_respond:
        return []  # so already
    return [DaysToRespondSet(account.company_id, account.cust_id, kept)]


def set_sales_reps(
    account: AccountFacts, care: AccountCare, sales_reps: Sequence[str]
) -> Sequence[AccountCareEvent]:
    """Say who sells to a customer beside the primary sales person; each counts once."""
    checked = [checked_id(one, "sales_rep_invalid", "salesReps") for one in sales_reps]
    if None in checked:
        raise Refused("sales_rep_invalid", "A sales rep is named by an id.", "salesReps")
    kept = tuple(dict.fromkeys(one for one in checked if one is not None))
    if len(kept) > SALES_REPS_MAX:
        raise Refused(
            "sales_reps_too_many",
            f"An account has at most {SALES_REPS_MAX} additional sales reps.",
            "salesReps",
        )
    if kept == care.sales_reps:
        return []  # so already
    return [SalesRepsSet(account.company_id, account.cust_id, kept)]


def set_primary_sales_person(
    account: AccountFacts, care: AccountCare, sper_id: str | None
) -> Sequence[AccountCareEvent]:
    """Say who sells to a customer, or that nobody is known here."""
    kept = checked_id(sper_id, "sales_person_invalid", "sperId")
    if kept == care.sper_id:
        return []  # so already
    return [PrimarySalesPersonSet(account.company_id, account.cust_id, kept)]


def add_sales_rep(
    account: AccountFacts, care: AccountCare, command: AddSalesRep
) -> Sequence[AccountCareEvent]:
    """Let a user sell to a customer, too."""
    if command.user_id in care.sales_reps:
        return []  # sells to it already
    check_user(command.user_id, command.user, "userId")
    return set_sales_reps(account, care, (*care.sales_reps, command.user_id))


def rate_credit(
    account: AccountFacts, care: AccountCare, command: RateCredit
) -> Sequence[AccountCareEvent]:
    """Keep scores; one that was computed gives way to one that somebody typed in."""
    if command.rated_on is not None and command.rated_on > command.business_date:
        raise Refused("rated_on_future", "A score cannot be of a later date.", "ratedOn")
    bureaus = {
        name: checked_score(given, field)
        for name, field in BUREAUS.items()
        if (given := getattr(command, name)) is not UNSET
    }
    changed = replace(care, **bureaus)
    computed = command.source is ScoreSource.COMPUTED
    typed_in = care.credit_score_source is ScoreSource.MANUAL
    if command.credit_score is not UNSET and not (computed and typed_in):
        score = checked_score(command.credit_score, "creditScore")
        same = score == care.credit_score and (computed or not score or typed_in)
        rated_on = command.rated_on or (care.credit_rated_on if same else command.business_date)
        changed = replace(
            changed,
            credit_score=score,
            credit_score_source=command.source if score else None,
            credit_rated_on=rated_on if score else None,
        )
    if changed == care:
        return []  # so already
    return [
        CreditRated(
            account.company_id,
            account.cust_id,
            changed.credit_score,
            changed.credit_score_source,
            changed.credit_rated_on,
            changed.bureau_1,
            changed.bureau_2,
            changed.bureau_3,
        )
    ]


def update(
    account: AccountFacts, care: AccountCare, command: UpdateAccount
) -> Sequence[AccountCareEvent]:
    """Set what is given; all of it, or nothing if one part is refused."""
    events: list[AccountCareEvent] = []
    if not isinstance(command.credit_class_id, UnsetType):
        events += classify(
            account, care, command.credit_class_id, class_defined=command.class_defined
        )
    if not isinstance(command.assigned_user_id, UnsetType):
        user_id = command.assigned_user_id
        events += assign(account, care, user_id, command.user, "assignedUserId")
    if not isinstance(command.online_pmt_option, UnsetType):
        events += allow_online_payments(account, care, allowed=command.online_pmt_option)
    return events


def checked_id(given: str | None, code: str, field: str) -> str | None:
    """Return an id as it is kept; None if it says nothing.

    Raises:
        Refused: if it cannot be one.
    """
    kept = (given or "").strip()
    if len(kept) > ID_CHARACTERS_MAX or not kept.isprintable():
        raise Refused(
            code, f"An id is plain text of at most {ID_CHARACTERS_MAX} characters.", field
        )
    return kept or None


def facts(care: AccountCare) -> CareFacts:
    """Return what other decisions may know of the care of an account."""
    return CareFacts(care.assigned_user_id, care.days_to_respond)


ACCOUNT_CARE: Decider[AccountCare, AccountCareCommand, AccountCareEvent] = Decider(
    category="account_care",
    events=(
        AccountAssigned,
        AccountClassified,
        OnlinePaymentsAllowed,
        DaysToRespondSet,
        SalesRepsSet,
        PrimarySalesPersonSet,
        CreditRated,
    ),
    initial=AccountCare(),
    evolve=evolve,
    decide=decide,
)
