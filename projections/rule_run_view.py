"""View: runs of rules, one for each class and business date."""

from projections.rule_runs import RULE_RUNS
from projections.view import Asked, Field, Kind, View, plain

(_RUNS,) = RULE_RUNS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_RUNS)} x"


def _where(asked: Asked) -> str:
    return f"x.tenant = %(tenant)s AND {asked.begun('x.business_date')}"


RULE_RUN_VIEW = View(
    name="rule_runs",
    description="Runs of rules: what the rules of a class did for a date.",
    key=("run_id",),
    source=_source,
    where=_where,
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "run_id": "The run: its class and its date.",
                "class_id": "The credit class whose rules were run.",
            },
            source="RULE-33",
            nullable=False,
        ),
        Field(
            "business_date",
            Kind.DATE,
            "The date that they were run for.",
            "x.business_date",
            source="RULE-23",
        ),
        Field(
            "read_position",
            Kind.INTEGER,
            "Up to which position of the log they had read.",
            "x.read_position",
        ),
        *plain(
            "x",
            Kind.INTEGER,
            {
                "created": "How many actions they made for the date.",
                "extended": "How many open actions further documents joined.",
                "closed": "How many issues they closed, as what led to them holds no longer.",
                "delayed": "How many of the actions are letters that wait, as their customers were"
                " contacted too recently.",
                "held": "How many actions they would have made, too many at once, and did not.",
            },
            source="RULE-33",
            nullable=False,
        ),
        Field(
            "rules",
            Kind.JSON,
            "The same by rule: a list of rule_id, version and counts that are not 0.",
            "x.rules",
            source="RULE-33",
        ),
        Field("known_from", Kind.MOMENT, "Since when it is known like this.", "x.known_from"),
    ),
)
