"""View: personal contacts of who asks, and of nobody else (ACC-19)."""

from projections.personal_contacts import PERSONAL_CONTACTS
from projections.view import Asked, Field, Kind, View, personal, plain

(_CONTACTS,) = PERSONAL_CONTACTS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_CONTACTS)} p"


def _where(asked: Asked) -> str:
    return f"""p.tenant = %(tenant)s AND p.owner = %(viewer)s AND {asked.begun("p.added_on")}
        AND (p.removed_on IS NULL OR p.removed_on > %(as_of)s)"""


PERSONAL_CONTACT_VIEW = View(
    name="personal_contacts",
    description="One's own contacts, attached to no account; not those removed by the date.",
    key=("contact_id",),
    source=_source,
    where=_where,
    fields=(
        Field(
            "contact_id", Kind.TEXT, "The contact's id, its key.", "p.contact_id", source="ACC-19"
        ),
        *personal(
            *plain(
                "p",
                Kind.TEXT,
                {
                    "cntct_name": "Name.",
                    "cntct_title": "Title.",
                    "cntct_email_addr": "E-mail address.",
                    "cntct_primary_addr_phone": "Phone number.",
                    "cntct_primary_addr_fax": "Fax number.",
                    "cntct_addr_line1": "Address, line 1.",
                    "cntct_addr_line2": "Address, line 2.",
                    "cntct_city": "City.",
                    "cntct_state": "State, province or county.",
                    "cntct_postal_code": "Postal code.",
                    "cntct_country": "Country.",
                    "cntct_comment": "A free note: role, hours …",
                },
                source="ACC-19",
            ),
        ),
        Field("added_on", Kind.DATE, "When it was added.", "p.added_on", source="ACC-19"),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the contact has been known to be like this.",
            "p.known_from",
        ),
    ),
)
