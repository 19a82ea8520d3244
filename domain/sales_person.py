"""A sales person, as the ERP knows one (UDF-01).

    NotKnown --import--> Known --import--> Known, amended
    NotKnown, Known --erase--> Erased

Accounts name sales persons whom the ERP tells nothing else of; so anybody who is named may be
erased (`domain/erasure.py`), and then no more is taken over of them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.imported import ImportDocument


class SalesPersonDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a sales person; accounts and documents name them by `sper_id`."""

    company_id: str
    sper_id: str
    sper_name: str | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None

    def __repr__(self) -> str:
        return f"SalesPersonDocument({self.company_id!r}, {self.sper_id!r}, …)"


_PERSONAL: Mapping[str, Any] = {
    "document.sper_name": None,
    **{f"document.udf{number}": None for number in range(1, 6)},
}
"""What of a sales person's events tells of the person."""


class SalesPersonRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's sales person became known."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    document: SalesPersonDocument


class SalesPersonAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the sales person."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    document: SalesPersonDocument


class SalesPersonErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The person was erased: nothing of them can be read any more, in accounts neither."""

    erases: ClassVar[bool] = True

    erased_on: date


SalesPersonEvent: TypeAlias = SalesPersonRecorded | SalesPersonAmended | SalesPersonErased


class EraseSalesPerson(Struct, frozen=True, gc=False):
    """Erase the person, if the erasure was `granted`."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "EraseSalesPerson":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


SalesPersonCommand: TypeAlias = ImportDocument[SalesPersonDocument] | EraseSalesPerson


class NotKnown(Struct, frozen=True):
    """The ERP tells nothing of the sales person but what it may say in accounts."""


class Known(Struct, frozen=True, gc=False):
    """The sales person as known."""

    document: SalesPersonDocument


class Erased(Struct, frozen=True):
    """The person was erased."""


SalesPerson: TypeAlias = NotKnown | Known | Erased


def evolve(person: SalesPerson, event: SalesPersonEvent) -> SalesPerson:
    """Remember `event`."""
    match person, event:
        case NotKnown(), SalesPersonRecorded(document):
            return Known(document)
        case Known(), SalesPersonAmended(document):
            return Known(document)
        case NotKnown() | Known(), SalesPersonErased():
            return Erased()
        case _:
            raise ImpossibleHistory(f"{event} after {person}")


def decide(command: SalesPersonCommand, person: SalesPerson) -> Sequence[SalesPersonEvent]:
    """Return the facts that `command` adds."""
    match command, person:
        case EraseSalesPerson(day, granted), _:
            return [SalesPersonErased(day)] if granted and can_be_erased(person) else []
        case ImportDocument(document), NotKnown():
            return [SalesPersonRecorded(document)]
        case ImportDocument(document), Known(known):
            return [] if document == known else [SalesPersonAmended(document)]
        case ImportDocument(document), Erased():
            raise Refused(
                "sales_person_erased",
                f"The person was erased who was the sales person {document.sper_id}. Remove them"
                " from the ERP too; somebody else needs an id that is new.",
                "sper_id",
            )


def can_be_erased(person: SalesPerson) -> bool:
    """Whether the person was not erased yet; somebody may be named by accounts alone."""
    return not isinstance(person, Erased)


def is_known(person: SalesPerson) -> bool:
    """Whether the ERP tells of such a sales person, for decisions about them elsewhere."""
    return isinstance(person, Known)


SALES_PERSON: Decider[SalesPerson, SalesPersonCommand, SalesPersonEvent] = Decider(
    category="sales_person",
    events=(SalesPersonRecorded, SalesPersonAmended, SalesPersonErased),
    initial=NotKnown(),
    evolve=evolve,
    decide=decide,
)
