"""GraphQL: the user-defined fields that are kept here, of eight types of records (UDF-04)."""

from typing import Annotated

import strawberry
from strawberry.types.unset import UNSET

from api.commands import COLLECTORS, IDEMPOTENCY_KEY, Payload, answer
from api.context import Info
from api.people import told
from api.record_types import RecordType
from application.records import existence
from domain.contact import CONTACT
from domain.shared.streams import stream_name
from domain.user_fields import USER_FIELDS, SetUserFields
from projections.user_fields import user_fields_of

_TYPE = "What the record is."
_KEY = "The record's key, part by part as its type tells."


@strawberry.type(description="The user-defined fields of a record that are kept here.")
class UserFields:
    """User-defined fields of a record."""

    record_type: RecordType = strawberry.field(description=_TYPE)
    key: list[str] = strawberry.field(description=_KEY)
    udf6: str | None = strawberry.field(
        default=None, description="User-defined field 6, kept here."
    )
    udf7: str | None = strawberry.field(
        default=None, description="User-defined field 7, kept here."
    )
    udf8: str | None = strawberry.field(
        default=None, description="User-defined field 8, kept here."
    )
    udf9: str | None = strawberry.field(
        default=None, description="User-defined field 9, kept here."
    )
    udf10: str | None = strawberry.field(
        default=None, description="User-defined field 10, kept here."
    )


@strawberry.input(
    description="User-defined fields to set: null clears one, and one that is left out stays."
)
class SetUserFieldsInput:
    """Fields to set."""

    record_type: RecordType = strawberry.field(description=_TYPE)
    key: list[str] = strawberry.field(description=_KEY)
    udf6: str | None = strawberry.field(
        default=UNSET, description="User-defined field 6, kept here."
    )
    udf7: str | None = strawberry.field(
        default=UNSET, description="User-defined field 7, kept here."
    )
    udf8: str | None = strawberry.field(
        default=UNSET, description="User-defined field 8, kept here."
    )
    udf9: str | None = strawberry.field(
        default=UNSET, description="User-defined field 9, kept here."
    )
    udf10: str | None = strawberry.field(
        default=UNSET, description="User-defined field 10, kept here."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What setting user-defined fields led to.")
class SetUserFieldsPayload(Payload):
    """What setting user-defined fields led to."""

    @strawberry.field(
        description="The fields as they are now; null if the mutation was refused, or if the read"
        " models did not follow in time."
    )
    async def user_fields(self) -> UserFields | None:
        """Return the fields."""
        if self.reading is None:
            return None
        record_type, *key = self.key
        kind = RecordType(record_type)
        query = user_fields_of(self.reading.asked.tenant, kind, key)
        known = UserFields(record_type=kind, key=key)
        for fields in await self.reading.fetch(query):
            for name in fields.__struct_fields__:
                value = getattr(fields, name)
                setattr(known, name, value)
                reads = self.reading.reads if kind is RecordType.CONTACT else None
                if reads is not None and value is not None:
                    reads.add(f"user_fields.{name}", stream_name(CONTACT.category, *key))
        return known


@strawberry.type
class UserFieldsMutation:
    """Setting user-defined fields."""

    @strawberry.mutation(
        description="Set user-defined fields 6 to 10 of a record; no sync touches them. Needs the"
        " role admin, credit_manager or credit_user."
    )
    async def set_user_fields(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetUserFieldsInput, strawberry.argument(description="The fields to set.")
        ],
    ) -> SetUserFieldsPayload:
        """Set fields."""
        context = info.context
        context.require(*COLLECTORS)
        kind, key = input.record_type, tuple(input.key)
        return await answer(
            context,
            SetUserFieldsPayload,
            USER_FIELDS,
            (kind.value, *key),
            SetUserFields(
                kind,
                key,
                told(input.udf6),
                told(input.udf7),
                told(input.udf8),
                told(input.udf9),
                told(input.udf10),
            ),
            mutation="setUserFields",
            idempotency_key=input.idempotency_key,
            consults=(existence(kind, key),),
        )
