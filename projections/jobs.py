"""Which jobs a tenant has: they follow from what has a schedule, and from companies' time zones."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.job import EVERY_DAY, MIDNIGHT, Job, JobKind
from domain.schedule import Schedule
from projections.companies import COMPANIES
from projections.credit_classes import CREDIT_CLASSES
from projections.grid_alerts import GRID_ALERTS
from projections.projection import Table
from projections.query import Query, sql
from projections.sync_sources import SYNC_SOURCES

(_CLASSES,) = CREDIT_CLASSES.tables
(_COMPANIES,) = COMPANIES.tables
(_SOURCES,) = SYNC_SOURCES.tables
_ALERTS = GRID_ALERTS.tables[0]


def _since(table: Table, *same: str) -> str:
    """Return the SQL of the moment since when row x of a table has had the same in some columns.

    That is where the newest of its versions begins that does not continue one with the same; so
    neither a new name of a class nor a new address of a company hides what was due before.
    """
    keys = "tenant", *table.key
    of = " AND ".join(f"v.{key} = x.{key}" for key in keys)
    before = " AND ".join(f"w.{key} = v.{key}" for key in keys)
    columns = ", ".join(f"v.{one}" for one in (*keys, "known_from", *same))
    versions = " UNION ALL ".join(
        f"SELECT {columns} FROM {name} v WHERE {of}" for name in table.names
    )
    return f"""(
        SELECT max(v.known_from) FROM ({versions}) v WHERE NOT EXISTS (
            SELECT FROM {table.name}_history w WHERE {before} AND w.known_to = v.known_from
            AND {" AND ".join(f"w.{one} IS NOT DISTINCT FROM v.{one}" for one in same)}))"""


def jobs(tenant: int, site_zone: str) -> Query[Job]:
    """Return the question for the jobs of a tenant, by kind and subject.

    A day roll is due when the business day of a time zone begins in which companies are. A source
    of exports without schedules is a job for firing by hand; classes and alerts have ways of their
    own for that. A job is there since it has its schedule, whatever else has changed.
    """
    statement = f"""
        SELECT 'rules', class_id, name, jsonb_build_array(schedule::jsonb)::text,
               {_since(_CLASSES, "schedule")}
        FROM {_CLASSES.name} x WHERE tenant = %(tenant)s AND schedule IS NOT NULL
        UNION ALL
        SELECT 'grid_alert', alert_id, name, jsonb_build_array(schedule::jsonb)::text,
               {_since(_ALERTS, "schedule", "active")}
        FROM {_ALERTS.name} x WHERE tenant = %(tenant)s AND active AND schedule IS NOT NULL
        UNION ALL
        SELECT 'sync', source_id, name, schedules, {_since(_SOURCES, "schedules", "active")}
        FROM {_SOURCES.name} x WHERE tenant = %(tenant)s AND active
        UNION ALL
        SELECT 'day_roll', time_zone, time_zone, NULL, min({_since(_COMPANIES, "time_zone")})
        FROM {_COMPANIES.name} x WHERE tenant = %(tenant)s GROUP BY time_zone
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
        SELECT company_id FROM {_COMPANIES.name}
        WHERE tenant = %(tenant)s AND time_zone = %(time_zone)s ORDER BY company_id"""
    return Query(sql(statement), {"tenant": tenant, "time_zone": time_zone}, str)
