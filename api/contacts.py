"""GraphQL: contacts of accounts."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.connections import Capability, offer, offered, one
from api.context import Info
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from projections.contact_view import CONTACT_VIEW

if TYPE_CHECKING:
    from api.accounts import Account


@strawberry.type(description="A contact of an account, as the ERP knows it.")
class Contact(Node, object_of(CONTACT_VIEW)):
    """A contact of an account."""

    @strawberry.field(description="The account.")
    async def account(
        self, info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts")] | None:
        """Return the account."""
        key = self.values("company_id", "cust_id")
        return await one(info, offered("accounts"), self.reading, key)


@strawberry.input(description="Which contacts; all that is given must hold.")
class ContactFilter(filter_of(CONTACT_VIEW, "api.contacts", "ContactFilter")):
    """Which contacts."""


@strawberry.input(description="An order of contacts by one field.")
class ContactOrder(order_of(CONTACT_VIEW, "ContactOrder")):
    """An order of contacts."""


CONTACTS = offer(Capability(CONTACT_VIEW, Contact))
