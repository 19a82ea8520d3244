"""GraphQL: how days late moved from month to month."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import strawberry
from strawberry.dataloader import DataLoader

from api.context import Reading
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Listing
from projections.trends import MonthPaid, every_month, paid_by_month


@strawberry.type(description="What was paid in full in a month, and how late.")
class DaysLateMonth:
    """A month of a trend."""

    month: date = strawberry.field(description="The first day of the month.")
    documents: int = strawberry.field(description="How many documents were paid in full in it.")
    avg_days_late: Decimal | None = strawberry.field(
        description="The average of their days late; null if there were none."
    )
    avg_days_late_weighted: Decimal | None = strawberry.field(
        description="The same, each document weighted by its amount in home currency."
    )


def trend(paid: Iterable[MonthPaid], as_of: date) -> list[DaysLateMonth]:
    """Return every month of a trend, also those in which nothing was paid."""
    return [
        DaysLateMonth(
            month=month,
            documents=0 if told is None else told.documents,
            avg_days_late=None if told is None else told.avg_days_late,
            avg_days_late_weighted=None if told is None else told.avg_days_late_weighted,
        )
        for month, told in every_month(paid, as_of)
    ]


async def days_late_of_account(reading: Reading, account: tuple[str, ...]) -> list[DaysLateMonth]:
    """Return the trend of an account; all accounts of a page are answered together."""

    async def load(accounts: list[tuple[str, ...]]) -> list[list[DaysLateMonth]]:
        found: dict[tuple[str | None, str | None], list[MonthPaid]] = {}
        query = paid_by_month(Listing(ACCOUNT_VIEW, reading.asked, ()), accounts)
        for one in await reading.fetch(query):
            found.setdefault((one.company_id, one.cust_id), []).append(one)
        return [trend(found.get((one[0], one[1]), []), reading.asked.as_of) for one in accounts]

    loader = reading.loaders.get("days_late")
    if loader is None:
        loader = reading.loaders["days_late"] = DataLoader(load_fn=load)
    return await loader.load(account)
