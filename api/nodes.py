"""Global ids: any object of the API by one opaque id."""

import base64
import binascii
from typing import Annotated

import msgspec
import strawberry

from api.connections import AsOf, AtLeast, KnownAt, offered, one
from api.context import Info
from api.errors import ApiError, Code
from api.view_types import ViewObject


def global_id(type_name: str, *key: str) -> strawberry.ID:
    """Return the global id of an object."""
    told = msgspec.json.encode([type_name, *key])
    return strawberry.ID(base64.urlsafe_b64encode(told).decode().rstrip("="))


def parsed_id(given: str) -> tuple[str, tuple[str, ...]]:
    """Return the type and key in a global id.

    Raises:
        ApiError: if it is none.
    """
    try:
        padded = given + "=" * (-len(given) % 4)
        type_name, *key = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=list[str]
        )
    except (binascii.Error, msgspec.DecodeError, ValueError) as bad:
        raise ApiError(Code.BAD_USER_INPUT, f"{given!r} is no id of this API.") from bad
    return type_name, tuple(key)


@strawberry.interface(description="An object with a global id.")
class Node:
    """An object with a global id."""

    @strawberry.field(description="The object's global id, opaque; `node` finds it again.")
    def id(self) -> strawberry.ID:
        """Return the global id."""
        assert isinstance(self, ViewObject)
        view = offered(_VIEWS[type(self).__name__]).view
        return global_id(type(self).__name__, *(str(value) for value in self.values(*view.key)))


_VIEWS = {
    "Account": "accounts",
    "ActionCode": "action_codes",
    "CreditClass": "credit_classes",
    "Rule": "rules",
    "AccountNote": "account_notes",
    "Activity": "activities",
    "ActivityType": "activity_types",
    "Company": "companies",
    "Contact": "contacts",
    "Dispute": "disputes",
    "GridAlert": "grid_alerts",
    "Invoice": "invoices",
    "InvoiceReason": "invoice_reasons",
    "Issue": "issues",
    "Payment": "payments",
    "ReasonCode": "reason_codes",
    "Promise": "promises",
    "PaymentSchedule": "payment_schedules",
    "PendingPayment": "pending_payments",
    "User": "users",
    "UserAction": "user_actions",
    "InvoiceLine": "invoice_lines",
    "InvoiceNote": "invoice_notes",
    "PersonalContact": "personal_contacts",
    "SalesOrder": "sales_orders",
    "SalesPerson": "sales_persons",
    "SyncSource": "sync_sources",
}
"""The view of each type that has global ids."""


@strawberry.type
class NodeQuery:
    """Objects by global id."""

    @strawberry.field(description="The object with a global id; null if there is none.")
    async def node(
        self,
        info: Info,
        id: Annotated[  # noqa: A002
            strawberry.ID, strawberry.argument(description="The global id.")
        ],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Node | None:
        """Return the object."""
        type_name, key = parsed_id(id)
        if type_name not in _VIEWS:
            raise ApiError(Code.BAD_USER_INPUT, f"{id!r} is no id of this API.")
        capability = offered(_VIEWS[type_name])
        if len(key) != len(capability.view.key):
            raise ApiError(Code.BAD_USER_INPUT, f"{id!r} is no id of this API.")
        capability.admit(info)
        return await one(info, capability, await info.context.reading(as_of, known_at), key)
