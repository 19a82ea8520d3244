"""View: contacts of accounts, the ERP's and local ones together (ACC-28)."""

from domain.shared.record_types import RecordType
from projections.contacts import CONTACTS
from projections.user_defined import USER_FIELDS_JOIN, user_defined, user_fields_join
from projections.view import Asked, Field, Kind, View, personal, plain

(_CONTACTS,) = CONTACTS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_CONTACTS)} p"


def _where(asked: Asked) -> str:
    return f"""p.tenant = %(tenant)s AND (p.added_on IS NULL OR {asked.begun("p.added_on")})
        AND (p.removed_on IS NULL OR p.removed_on > %(as_of)s)"""


CONTACT_VIEW = View(
    name="contacts",
    description="Contacts of accounts, the ERP's and local ones; not those removed by the date.",
    key=("company_id", "cust_id", "cntct_id"),
    source=_source,
    where=_where,
    joins={USER_FIELDS_JOIN: user_fields_join("p", RecordType.CONTACT)},
    fields=(
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the account.",
                "cust_id": "The account.",
                "cntct_id": "The contact's id; its key together with the account's.",
            },
            source="ACC-15",
            nullable=False,
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
                    "cntct_addr_line1": "Own address, line 1.",
                    "cntct_addr_line2": "Own address, line 2.",
                    "cntct_city": "City.",
                    "cntct_state": "State, province or county.",
                    "cntct_postal_code": "Postal code.",
                    "cntct_country": "Country.",
                    "cntct_comment": "A free note: role, hours …",
                },
                source="ACC-16, ACC-17",
            ),
        ),
        *personal(*user_defined("p")),
        Field(
            "origin",
            Kind.TEXT,
            "Whose it is: ERP for one that syncs overwrite, LOCAL for one that is kept here.",
            "p.origin",
            source="ACC-15",
        ),
        Field(
            "added_on",
            Kind.DATE,
            "When a local contact was added.",
            "p.added_on",
            nullable=True,
            source="ACC-15",
        ),
        Field(
            "primary",
            Kind.BOOLEAN,
            "Whether it is the account's primary contact.",
            "p.is_primary",
            source="ACC-18",
        ),
        Field(
            "include_in_automated_email",
            Kind.BOOLEAN,
            "Whether automated e-mails go to this contact.",
            "p.include_in_automated_email",
            source="ACC-18",
        ),
        Field(
            "erased_on",
            Kind.DATE,
            "When the person was erased: since then nobody can read who it was.",
            "p.erased_on",
            nullable=True,
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the contact has been known to be like this.",
            "p.known_from",
        ),
    ),
)
