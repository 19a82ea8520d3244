"""Records that the ERP alone tells of: taken over whole, and amended when a row says more or less.

unknown --import--> recorded --import--> recorded, amended
"""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory
from domain.shared.event import Event

Document = TypeVar("Document", bound=Struct)


class ImportDocument(Struct, Generic[Document], frozen=True, gc=False):
    """Take over what the ERP says of a record."""

    document: Document


def imported(
    category: str, recorded: type[Event], amended: type[Event]
) -> Decider[Any, ImportDocument[Any], Any]:
    """Return the decider of such records; both events hold one `document`, which is the state.

    None is the state of a record that nobody told of.
    """
    first: Any = recorded
    later: Any = amended

    def evolve(known: Struct | None, event: Event) -> Struct:
        """Remember `event`."""
        told: Any = event
        if isinstance(event, recorded if known is None else amended):
            return told.document
        raise ImpossibleHistory(f"{event} after {known}")

    def decide(command: ImportDocument[Any], known: Struct | None) -> Sequence[Any]:
        """Return the facts that `command` adds."""
        if known is None:
            return [first(command.document)]
        return [] if known == command.document else [later(command.document)]

    return Decider(
        category=category,
        events=(recorded, amended),
        initial=None,
        evolve=evolve,
        decide=decide,
    )


def is_known(known: Struct | None) -> bool:
    """Whether there is such a record, for decisions about it elsewhere."""
    return known is not None
