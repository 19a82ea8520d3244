"""An account: one customer of one ERP company (ACC-01).

    NotOpened --import or imply--> Opened --import--> Opened, amended
                                     |---add note---> Opened
                                     |---erase------> Opened, without a name of a sales person

A customer that only a document names is opened as implied; the first row of its own completes
it. The ERP owns what it exports (SYN-08); notes are the collectors' own (ACC-30).

The name of a sales person is about the person whom `sper_id` names, and cannot be read once they
are erased (`domain/sales_person.py`). A name that comes without an id is of somebody whom only this
account knows: they are erased by the account's own name.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import AccountFacts
from domain.shared.personal import Named
from domain.shared.text import can_be_kept

NOTE_CHARACTERS_MAX = 10_000


class AccountDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a customer (ACC-02 to ACC-14, ACC-20, ACC-22).

    `credit_limit` is in home currency. Status, class, terms and score are the ERP's own open
    lists. An account that was only named by a document has no name yet.
    """

    company_id: str
    cust_id: str
    cust_name: str | None = None
    cust_class_id: str | None = None
    cust_status: str | None = None
    credit_limit: Decimal | None = None
    credit_hold: bool = False
    parent_id: str | None = None
    pmt_terms_id: str | None = None
    sper_id: str | None = None
    sper_name: str | None = None
    date_estab: date | None = None
    addr_line1: str | None = None
    addr_line2: str | None = None
    addr_line3: str | None = None
    addr_line4: str | None = None
    addr_line5: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    reference: str | None = None
    credit_score: str | None = None
    sales_territory: str | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


_PERSONAL: Mapping[str, Any] = {"document.sper_name": None}
"""What of an account's events tells of a person."""

_SALES_PERSON = (Named("sales_person", ("document.company_id", "document.sper_id")),)
"""Who that is."""


# Events: stored for ever under these names and fields. Add, never rename.


class AccountOpened(Event, frozen=True, omit_defaults=True, gc=False):
    """The account became known, by a row of its own or implied by a document."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL
    names: ClassVar[Sequence[Named]] = _SALES_PERSON

    document: AccountDocument
    implied: bool = False


class AccountAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the account."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL
    names: ClassVar[Sequence[Named]] = _SALES_PERSON

    document: AccountDocument


class AccountNoteAdded(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody noted something about the account, for colleagues only (ACC-30)."""

    company_id: str
    cust_id: str
    note_id: str
    text: str
    noted_on: date


class NamelessSalesPersonErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The sales person whom the account named without an id was erased."""

    erases: ClassVar[bool] = True

    erased_on: date


AccountEvent: TypeAlias = (
    AccountOpened | AccountAmended | AccountNoteAdded | NamelessSalesPersonErased
)


# Commands.


class ImportAccount(Struct, frozen=True, gc=False):
    """Take over what the ERP says of a customer."""

    document: AccountDocument


class ImplyAccount(Struct, frozen=True, gc=False):
    """Open the account that a document names, if nobody else did."""

    company_id: str
    cust_id: str


class AddAccountNote(Struct, frozen=True, gc=False):
    """Note something about an account. `note_id` is new for each note."""

    note_id: str
    text: str
    business_date: date


class EraseNamelessSalesPerson(Struct, frozen=True, gc=False):
    """Erase the sales person whom the account names without an id, if that was `granted`."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "EraseNamelessSalesPerson":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


AccountCommand: TypeAlias = ImportAccount | ImplyAccount | AddAccountNote | EraseNamelessSalesPerson


# State: only what decisions need.


class NotOpened(Struct, frozen=True):
    """Nothing is known of the account."""


class Opened(Struct, frozen=True, gc=False):
    """The account as known; `nameless_erased` if a sales person without an id is not named."""

    document: AccountDocument
    notes: frozenset[str] = frozenset()
    nameless_erased: bool = False


Account: TypeAlias = NotOpened | Opened


def evolve(account: Account, event: AccountEvent) -> Account:
    """Remember `event`."""
    match account, event:
        case NotOpened(), AccountOpened(document):
            return Opened(document)
        case Opened(), AccountAmended(document):
            return replace(account, document=document)
        case Opened(), AccountNoteAdded(note_id=note_id):
            return replace(account, notes=account.notes | {note_id})
        case Opened(document), NamelessSalesPersonErased():
            return replace(account, document=without_nameless(document), nameless_erased=True)
        case _:
            raise ImpossibleHistory(f"{event} after {account}")


def decide(command: AccountCommand, account: Account) -> Sequence[AccountEvent]:
    """Return the facts that `command` adds."""
    match account, command:
        case NotOpened(), ImportAccount(document):
            return [AccountOpened(document)]
        case NotOpened(), ImplyAccount(company_id, cust_id):
            return [AccountOpened(AccountDocument(company_id, cust_id), implied=True)]
        case Opened(), ImportAccount(document):
            if account.nameless_erased:
                document = without_nameless(document)
            return [] if document == account.document else [AccountAmended(document)]
        case _, EraseNamelessSalesPerson(day, granted):
            return [NamelessSalesPersonErased(day)] if granted and can_be_erased(account) else []
        case Opened(), ImplyAccount():
            return []  # known already
        case Opened(), AddAccountNote():
            return add_note(command, account)
        case NotOpened(), AddAccountNote():
            raise Refused("account_unknown", "There is no such account.", "custId")


def add_note(command: AddAccountNote, account: Opened) -> Sequence[AccountEvent]:
    """Add a note, once."""
    if command.note_id in account.notes:
        return []  # told twice
    text = command.text.strip()
    if not text:
        raise Refused("note_empty", "A note needs some text.", "text")
    if not can_be_kept(text):
        raise Refused("note_not_text", "A note is plain text, without control characters.", "text")
    if len(text) > NOTE_CHARACTERS_MAX:
        raise Refused(
            "note_too_long", f"A note has at most {NOTE_CHARACTERS_MAX} characters.", "text"
        )
    company_id, cust_id = account.document.company_id, account.document.cust_id
    return [AccountNoteAdded(company_id, cust_id, command.note_id, text, command.business_date)]


def without_nameless(document: AccountDocument) -> AccountDocument:
    """Return a document without the name of a sales person who has no id."""
    return document if document.sper_id else replace(document, sper_name=None)


def can_be_erased(account: Account) -> bool:
    """Whether the account may name a sales person without an id who was not erased."""
    return isinstance(account, Opened) and not account.nameless_erased


def facts(account: Account) -> AccountFacts | None:
    """Return what other decisions may know of the account; None if nothing is known of it."""
    if isinstance(account, NotOpened):
        return None
    document = account.document
    return AccountFacts(document.company_id, document.cust_id, document.parent_id)


ACCOUNT: Decider[Account, AccountCommand, AccountEvent] = Decider(
    category="account",
    events=(AccountOpened, AccountAmended, AccountNoteAdded, NamelessSalesPersonErased),
    initial=NotOpened(),
    evolve=evolve,
    decide=decide,
)
