"""Which jobs a tenant has: they follow from what has a schedule, and from companies' time zones."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.job import EVERY_DAY, MIDNIGHT, Job, JobKind
from domain.schedule import Schedule
from projections.companies import COMPANIES
from projections.credit_classes import CREDIT_CLASSES
from projections.grid_alerts import GRID_ALERTS
from projections.query import Query, sql
from projections.sync_sources import SYNC_SOURCES

_TABLES = {
    JobKind.RULES: CREDIT_CLASSES.tables[0].name,
    JobKind.DAY_ROLL: COMPANIES.tables[0].name,
    JobKind.SYNC: SYNC_SOURCES.tables[0].name,
    JobKind.GRID_ALERT: GRID_ALERTS.tables[0].name,
}


def jobs(tenant: int, site_zone: str) -> Query[Job]:
    """Return the question for the jobs of a tenant, by kind and subject.

    A day roll is due when the business day of a time zone begins in which companies are.
    """
    statement = f"""
        SELECT 'rules', class_id, name, jsonb_build_array(schedule::jsonb)::text, known_from
        FROM {_TABLES[JobKind.RULES]} WHERE tenant = %(tenant)s AND schedule IS NOT NULL
        UNION ALL
        SELECT 'grid_alert', alert_id, name, jsonb_build_array(schedule::jsonb)::text, known_from
        FROM {_TABLES[JobKind.GRID_ALERT]}
        WHERE tenant = %(tenant)s AND active AND schedule IS NOT NULL
        UNION ALL
        SELECT 'sync', source_id, name, schedules, known_from
        FROM {_TABLES[JobKind.SYNC]} WHERE tenant = %(tenant)s AND active AND schedules <> '[]'
        UNION ALL
        SELECT 'day_roll', time_zone, time_zone, NULL, min(known_from)
        FROM {_TABLES[JobKind.DAY_ROLL]} WHERE tenant = %(tenant)s GROUP BY time_zone
        ORDER BY 1, 2"""

    def job(kind: str, subject: str, title: str, schedules: str | None, since: datetime) -> Job:
        told: Sequence[Schedule] = (
            (Schedule(EVERY_DAY, MIDNIGHT, subject),)
            if schedules is None
            else msgspec.json.decode(schedules, type=tuple[Schedule, ...])
        )
        return Job(JobKind(kind), subject, title, tuple(told), site_zone, since)

    return Query(sql(statement), {"tenant": tenant}, job)


def companies_of_zone(tenant: int, time_zone: str) -> Query[str]:
    """Return the question for the companies whose business days a time zone cuts."""
    statement = f"""
        SELECT company_id FROM {_TABLES[JobKind.DAY_ROLL]}
        WHERE tenant = %(tenant)s AND time_zone = %(time_zone)s ORDER BY company_id"""
    return Query(sql(statement), {"tenant": tenant, "time_zone": time_zone}, str)
