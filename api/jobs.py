"""GraphQL: jobs, their firings, and firing one by hand (RULE-22, SYN-03)."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, check_keys, new_id
from api.connections import (
    After,
    AsOf,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
    one,
)
from api.context import Info, Reading
from api.errors import UserError
from api.schedules import ScheduleResult
from api.view_types import filter_of, object_of, order_of
from domain.api_key import Role
from domain.job import Job, JobKind, in_words, next_due
from domain.shared.decider import Refused
from projections.job_firing_view import JOB_FIRING_VIEW
from projections.job_firings import last_firings
from projections.jobs import jobs
from runtime.clock import now
from runtime.jobs import Fired, JobRunner, Wanted, by_hand, find_job
from runtime.tenants import Tenant

strawberry.enum(
    JobKind,
    description="What a job does: RULES runs the rules of a credit class, DAY_ROLL judges promises"
    " and raises user actions where a business day begins, SYNC loads an ERP's export, GRID_ALERT"
    " tells users of records.",
)


@strawberry.type(description="A firing of a job: what was done unattended, or by hand.")
class JobFiring(object_of(JOB_FIRING_VIEW)):
    """A firing of a job."""


@strawberry.input(description="Which firings; all that is given must hold.")
class JobFiringFilter(filter_of(JOB_FIRING_VIEW, "api.jobs", "JobFiringFilter")):
    """Which firings."""


@strawberry.input(description="An order of firings by one field.")
class JobFiringOrder(order_of(JOB_FIRING_VIEW, "JobFiringOrder")):
    """An order of firings."""


JOB_FIRINGS = offer(Capability(JOB_FIRING_VIEW, JobFiring))


@strawberry.type(name="Job", description="What is done unattended, and when.")
class JobResult:
    """A job."""

    name: str = strawberry.field(
        description="What tells it from others: its kind and what it is about, as in rules/A."
    )
    kind: JobKind = strawberry.field(description="What it does.")
    subject: str = strawberry.field(
        description="What it is about: a credit class, a time zone, a source or an alert."
    )
    title: str = strawberry.field(description="What that is called.")
    schedules: list[ScheduleResult] = strawberry.field(description="When it is due.")
    schedule_text: str = strawberry.field(
        description="The same in words; by hand if it has no schedule."
    )
    next_due_at: datetime | None = strawberry.field(description="When it is due next.")
    next_business_date: date | None = strawberry.field(
        description="The date that it is done for then."
    )
    last_firing_id: strawberry.Private[str | None]
    reading: strawberry.Private[Reading]

    @strawberry.field(description="Its newest firing, by hand or not; null if there was none.")
    async def last_firing(self, info: Info) -> JobFiring | None:
        """Return its newest firing."""
        if self.last_firing_id is None:
            return None
        return await one(info, JOB_FIRINGS, self.reading, (self.last_firing_id,))

    @classmethod
    def of(cls, job: Job, last: str | None, reading: Reading) -> "JobResult":
        """Return a job as it is told."""
        coming = next_due(job, reading.snapshot.moment)
        return cls(
            name=job.name,
            kind=job.kind,
            subject=job.subject,
            title=job.title,
            schedules=[ScheduleResult.of(one) for one in job.schedules],
            schedule_text=in_words(job),
            next_due_at=coming and coming.at,
            next_business_date=coming and coming.business_date,
            last_firing_id=last,
            reading=reading,
        )


@strawberry.type
class JobQuery:
    """Jobs and their firings."""

    @strawberry.field(
        description="What is done unattended, by kind and subject. Jobs are not set up: they follow"
        " from the schedules of credit classes, sources and alerts, and from the time zones of"
        " companies."
    )
    async def jobs(
        self,
        info: Info,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> list[JobResult]:
        """Return the jobs."""
        reading = await info.context.reading()
        asked = reading.asked
        found = await reading.fetch(jobs(asked.tenant, asked.options.time_zone))
        newest = await reading.fetch(last_firings(asked.tenant, by_hand=True))
        last = {one.job: one.firing_id for one in newest}
        return [JobResult.of(job, last.get(job.name), reading) for job in found]

    @strawberry.field(description="Firings of jobs; by default by job and occasion.")
    async def job_firings(
        self,
        info: Info,
        where: Annotated[
            JobFiringFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[JobFiringOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[JobFiring]:
        """Return them."""
        return await connection(
            info,
            JOB_FIRINGS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="The job to fire at once.")
class FireJobInput:
    """The job to fire at once."""

    job: str = strawberry.field(description="The name of the job.")
    business_date: date | None = strawberry.field(
        default=None,
        description="The date to do it for, none ahead; null for today, where its schedules are.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What firing a job led to.")
class FireJobPayload:
    """What firing a job led to."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; then nothing was fired."
    )
    position: int | None = strawberry.field(
        description="Position of the log at which its effect is complete; null if it was refused or"
        " is being fired by another process."
    )
    firing_id: strawberry.Private[str | None]
    reading: strawberry.Private[Reading | None]

    @strawberry.field(
        description="The firing and what became of it; null if it was refused or the read models"
        " did not follow in time."
    )
    async def job_firing(self, info: Info) -> JobFiring | None:
        """Return the firing."""
        if self.firing_id is None or self.reading is None:
            return None
        return await one(info, JOB_FIRINGS, self.reading, (self.firing_id,))


@strawberry.type
class JobMutation:
    """Firing jobs."""

    @strawberry.mutation(
        description="Do what a job is for at once, for any date, whatever its schedule. Answers"
        " when it has ended; whether it failed tells its firing. Needs the role admin."
    )
    async def fire_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            FireJobInput, strawberry.argument(description="The job.")
        ],
    ) -> FireJobPayload:
        """Fire a job."""
        context = info.context
        context.require(Role.ADMIN)
        check_keys(input.idempotency_key, (input.job,))
        await context.aclose()
        key = new_id(input.idempotency_key)
        tenant = Tenant(context.caller.tenant, context.caller.tenant_name)
        services = context.services

        def on_thread() -> tuple[Wanted, Fired | None]:
            runner, at = JobRunner(services.database, services.settings), now()
            job = find_job(runner.jobs(tenant), input.job)
            wanted = by_hand(job, at, input.business_date, key)
            return wanted, runner.fire(tenant, wanted, at)

        try:
            wanted, fired = await services.run(on_thread)
        except Refused as refusal:
            return FireJobPayload(
                user_errors=[UserError.of(refusal)], position=None, firing_id=None, reading=None
            )
        position = await services.head(tenant.id) if fired is None else fired.position
        return FireJobPayload(
            user_errors=[],
            position=position,
            firing_id=wanted.firing_id,
            reading=await context.reading_at_least(position),
        )
