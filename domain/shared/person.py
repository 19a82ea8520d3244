"""A person to write to or to call, and how what colleagues enter of one is checked."""

import re

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from domain.shared.decider import Refused
from domain.shared.text import entered

LINE_CHARACTERS_MAX = 1_000
COMMENT_CHARACTERS_MAX = 10_000


class Person(Struct, frozen=True, omit_defaults=True, gc=False):
    """What identifies the person: kept together, so that it can be sealed and erased as one.

    What is logged of one shows nothing of it.
    """

    cntct_name: str | None = None
    cntct_title: str | None = None
    cntct_email_addr: str | None = None
    cntct_primary_addr_phone: str | None = None
    cntct_primary_addr_fax: str | None = None
    cntct_addr_line1: str | None = None
    cntct_addr_line2: str | None = None
    cntct_city: str | None = None
    cntct_state: str | None = None
    cntct_postal_code: str | None = None
    cntct_country: str | None = None
    cntct_comment: str | None = None

    def __repr__(self) -> str:
        return "Person(…)"


class PersonChange(Struct, frozen=True, gc=False):
    """What to change of a person: null clears a field, one that is not given stays."""

    cntct_name: str | UnsetType | None = UNSET
    cntct_title: str | UnsetType | None = UNSET
    cntct_email_addr: str | UnsetType | None = UNSET
    cntct_primary_addr_phone: str | UnsetType | None = UNSET
    cntct_primary_addr_fax: str | UnsetType | None = UNSET
    cntct_addr_line1: str | UnsetType | None = UNSET
    cntct_addr_line2: str | UnsetType | None = UNSET
    cntct_city: str | UnsetType | None = UNSET
    cntct_state: str | UnsetType | None = UNSET
    cntct_postal_code: str | UnsetType | None = UNSET
    cntct_country: str | UnsetType | None = UNSET
    cntct_comment: str | UnsetType | None = UNSET

    def of(self, person: Person) -> Person:
        """Return the person with the change."""
        given = {name: value for name, value in asdict(self).items() if value is not UNSET}
        return replace(person, **given)


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def entered_person(person: Person) -> Person:
    """Return a person as somebody entered it, without the space around texts.

    Raises:
        Refused: if nobody could be found by it, or a text is none of its field.
    """
    checked = Person(
        **{
            name: entered(
                text,
                "contact",
                name,
                COMMENT_CHARACTERS_MAX if name == "cntct_comment" else LINE_CHARACTERS_MAX,
            )
            for name, text in asdict(person).items()
        }
    )
    if checked.cntct_name is None and checked.cntct_email_addr is None:
        raise Refused(
            "contact_nameless", "A contact needs a name or an e-mail address.", "cntctName"
        )
    if checked.cntct_email_addr is not None and _EMAIL.fullmatch(checked.cntct_email_addr) is None:
        raise Refused(
            "contact_email_invalid",
            "An e-mail address has one @ with something before and behind it, and no spaces.",
            "cntctEmailAddr",
        )
    return checked
