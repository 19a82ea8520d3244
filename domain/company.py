"""A company of the ERP: whose customers, in which home currency and time zone (CMP-02, CMP-03).

    NotRegistered --import or imply--> Registered --import--> Registered, amended

Home amounts in the log are in the home currency, so it never changes [C23].
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event

DEFAULT_HOME_CURRENCY = "USD"
"""Of a company of which nothing tells another."""


class CompanyDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is known of a company; `time_zone` is an IANA name and cuts its business days."""

    company_id: str
    home_currency: str
    name: str | None = None
    time_zone: str = "UTC"


# Events: stored for ever under these names and fields. Add, never rename.


class CompanyRegistered(Event, frozen=True, omit_defaults=True, gc=False):
    """The company became known, by a row of its own or implied by other rows."""

    document: CompanyDocument
    implied: bool = False


class CompanyAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the company."""

    document: CompanyDocument


CompanyEvent: TypeAlias = CompanyRegistered | CompanyAmended


class ImportCompany(Struct, frozen=True, gc=False):
    """Take over a company's row; an implied company is one that only other rows name."""

    document: CompanyDocument
    implied: bool = False


class NotRegistered(Struct, frozen=True):
    """Nothing is known of the company."""


class Registered(Struct, frozen=True, gc=False):
    """The company as known."""

    document: CompanyDocument


Company: TypeAlias = NotRegistered | Registered


def evolve(company: Company, event: CompanyEvent) -> Company:
    """Remember `event`."""
    match company, event:
        case NotRegistered(), CompanyRegistered(document):
            return Registered(document)
        case Registered(), CompanyAmended(document):
            return Registered(document)
        case _:
            raise ImpossibleHistory(f"{event} after {company}")


def decide(command: ImportCompany, company: Company) -> Sequence[CompanyEvent]:
    """Return the facts that `command` adds."""
    match company:
        case NotRegistered():
            return [CompanyRegistered(command.document, command.implied)]
        case Registered(document) if command.implied or document == command.document:
            return []  # known already
        case Registered(document) if document.home_currency != command.document.home_currency:
            raise Refused(
                "home_currency_fixed",
                f"The home currency of company {document.company_id} is {document.home_currency}; "
                f"its documents are kept in it, so it cannot become "
                f"{command.document.home_currency}.",
                "home_currency",
            )
        case Registered():
            return [CompanyAmended(command.document)]


def is_known(company: Company) -> bool:
    """Whether there is such a company, for decisions about others."""
    return isinstance(company, Registered)


COMPANY: Decider[Company, ImportCompany, CompanyEvent] = Decider(
    category="company",
    events=(CompanyRegistered, CompanyAmended),
    initial=NotRegistered(),
    evolve=evolve,
    decide=decide,
)
