"""GraphQL: when something that recurs is due."""

from typing import Any

import msgspec
import strawberry

from domain.schedule import Schedule


@strawberry.type(name="Schedule", description="When something that recurs is due.")
class ScheduleResult:
    """A schedule."""

    days: list[int] = strawberry.field(
        description="Days of the week, from 1, Monday, to 7, Sunday."
    )
    at: str = strawberry.field(description="The local time of day, as in 06:00.")
    time_zone: str | None = strawberry.field(
        description="The IANA time zone of the time; null for the site's."
    )

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleResult":
        """Return a schedule as it is told."""
        return cls(days=list(schedule.days), at=schedule.at, time_zone=schedule.time_zone)

    @classmethod
    def of_json(cls, told: Any) -> "ScheduleResult | None":
        """Return a schedule of what a read model keeps of it; None of nothing."""
        return None if told is None else cls.of(msgspec.convert(told, Schedule))


@strawberry.input(description="When something that recurs is to be due.")
class ScheduleInput:
    """A schedule."""

    days: list[int] = strawberry.field(
        description="Days of the week, from 1, Monday, to 7, Sunday."
    )
    at: str = strawberry.field(description="The local time of day, as in 06:00.")
    time_zone: str | None = strawberry.field(
        default=None, description="The IANA time zone of the time; null for the site's."
    )

    def schedule(self) -> Schedule:
        """Return the schedule."""
        return Schedule(tuple(self.days), self.at, self.time_zone)
