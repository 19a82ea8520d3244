"""GraphQL: who read personal data, as far as the site says that this is recorded."""

from typing import Annotated

import strawberry

from api.connections import (
    After,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    Last,
    connection,
    offer,
)
from api.context import Info, Reading
from api.errors import ApiError, Code
from api.view_types import filter_of, object_of, order_of
from domain.api_key import Role
from domain.shared.text import can_be_kept
from projections.listing import Order
from projections.personal_data_reads import PERSONAL_DATA_READS, asked_of_reads


@strawberry.type(description="A request that read personal data: who, when, which fields of whom.")
class PersonalDataRead(object_of(PERSONAL_DATA_READS)):
    """A request that read personal data."""


@strawberry.input(description="Which readings; all that is given must hold.")
class PersonalDataReadFilter(
    filter_of(PERSONAL_DATA_READS, "api.personal_data_reads", "PersonalDataReadFilter")
):
    """Which readings."""


@strawberry.input(description="An order of readings by one field.")
class PersonalDataReadOrder(order_of(PERSONAL_DATA_READS, "PersonalDataReadOrder")):
    """An order of readings."""


READS = offer(
    Capability(PERSONAL_DATA_READS, PersonalDataRead, roles=frozenset({Role.ADMIN, Role.AUDITOR}))
)


@strawberry.type
class PersonalDataReadQuery:
    """Who read personal data."""

    @strawberry.field(
        description="Requests that read personal data, one record each, by default the newest"
        " first; of the roles that the site option `recordReadsOf` names. Needs the role admin or"
        " auditor."
    )
    async def personal_data_reads(
        self,
        info: Info,
        subject: Annotated[
            str | None,
            strawberry.argument(
                description="Only those that read data of this record, named by its stream, such"
                " as contact/1/ACME/7."
            ),
        ] = None,
        where: Annotated[
            PersonalDataReadFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[PersonalDataReadOrder] | None,
            strawberry.argument(description="In which order."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PersonalDataRead]:
        """Return readings."""
        READS.admit(info)
        if subject is not None and not can_be_kept(subject):
            raise ApiError(Code.BAD_USER_INPUT, "A stream's name is plain text.")
        reading = await info.context.reading()
        asked = asked_of_reads(reading.asked, subject)
        return await connection(
            info,
            READS,
            Reading(reading.snapshot, asked, reading.reads),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            order=(Order("read_id", descending=True),),
        )
