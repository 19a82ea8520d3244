"""Views: rules as they are now, and all the versions that there have been."""

from projections.action_codes import ACTION_CODES
from projections.rule_issues import RULE_ISSUES
from projections.rules import RULES
from projections.view import Asked, Field, Kind, View, plain

_RULES, _VERSIONS = RULES.tables
(_CODES,) = ACTION_CODES.tables
_ISSUES = RULE_ISSUES.tables[0]

_DOCUMENT = (
    *plain(
        "v",
        Kind.TEXT,
        {
            "class_id": "The credit class whose rule it is.",
            "rule_id": "The rule: its key together with the class.",
        },
        source="RULE-01",
        nullable=False,
    ),
    Field(
        "version",
        Kind.INTEGER,
        "The number of the version: each change makes the next one.",
        "v.version",
        source="RULE-02",
    ),
    Field(
        "seq_no",
        Kind.INTEGER,
        "The place among the rules of the class: they are listed and evaluated by it.",
        "v.seq_no",
        source="RULE-07",
    ),
    *plain(
        "v",
        Kind.TEXT,
        {
            "name": "What it is called.",
            "view": "What it is about: account or invoice.",
            "filter": "The condition on records of its view, in the text form of filters.",
            "action_code": "The action code of its actions.",
        },
        source="RULE-02, RULE-04, RULE-05",
        nullable=False,
    ),
    *plain(
        "v",
        Kind.BOOLEAN,
        {
            "standalone": "Whether it stands outside the sequence of its class.",
            "create_if_exists": "Whether it makes its action though the last one is still open.",
            "auto_close": "Whether its issues are closed when the condition holds no longer.",
            "system": "Whether it came with the product.",
        },
        source="RULE-08, RULE-10, RULE-11, RULE-31",
        nullable=False,
    ),
    *plain(
        "v",
        Kind.TEXT,
        {"override_user_id": "The user who gets its actions instead of the account's."},
        source="RULE-15",
    ),
    Field(
        "days_to_respond",
        Kind.INTEGER,
        "How many working days there are to respond; 0 leaves it to the account and the site.",
        "v.days_to_respond",
        source="RULE-17",
    ),
    *plain(
        "v",
        Kind.INTEGER,
        {"follow_up_days": "After how many days its actions are followed up; null: they are not."},
        source="RULE-16, FUP-17",
    ),
    *plain(
        "v",
        Kind.TEXT,
        {
            "follow_up_user_id": "Who follows up, if not the assignee of the action.",
            "follow_up_desc": "What the follow-up is for.",
        },
        source="FUP-17",
    ),
)


def _code(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_CODES)} k
        ON k.tenant = v.tenant AND k.code = v.action_code"""


def _open(asked: Asked) -> str:
    return f"""CROSS JOIN LATERAL (
        SELECT count(*) AS issues FROM {asked.rows(_ISSUES)} i
        WHERE i.tenant = r.tenant AND i.class_id = r.class_id AND i.rule_id = r.rule_id
          AND i.opened_on <= %(as_of)s
          AND (i.resolved_on IS NULL OR i.resolved_on > %(as_of)s)) o"""


RULE_VIEW = View(
    name="rules",
    description="Rules of credit classes, each as it is now.",
    key=("class_id", "rule_id"),
    source=lambda asked: (
        f"""{asked.rows(_RULES)} r JOIN {_VERSIONS.name} v
        ON v.tenant = r.tenant AND v.class_id = r.class_id AND v.rule_id = r.rule_id
        AND v.version = r.version"""
    ),
    where=lambda asked: "r.tenant = %(tenant)s",  # noqa: ARG005
    joins={"code": _code, "open": _open},
    fields=(
        *_DOCUMENT,
        Field(
            "active",
            Kind.BOOLEAN,
            "Whether it is evaluated; a retired rule is not.",
            "r.active",
            source="RULE-02",
        ),
        Field(
            "priority",
            Kind.INTEGER,
            "The priority of its action code; 1 is the most urgent.",
            "k.priority",
            nullable=True,
            needs=("code",),
            source="CODE-02",
        ),
        Field(
            "open_issue_count",
            Kind.INTEGER,
            "How many issues that it opened are open on the as-of date.",
            "o.issues",
            needs=("open",),
            source="ISS-01",
        ),
        Field("known_from", Kind.MOMENT, "Since when it is like this.", "r.known_from"),
    ),
)

RULE_VERSION_VIEW = View(
    name="rule_versions",
    description="Every version of every rule.",
    key=("class_id", "rule_id", "version"),
    source=lambda asked: f"{_VERSIONS.name} v",  # noqa: ARG005
    where=lambda asked: (
        "v.tenant = %(tenant)s"
        + (" AND v.known_from <= %(known_at)s" if asked.known_at is not None else "")
    ),
    fields=(
        *_DOCUMENT,
        Field("known_from", Kind.MOMENT, "Since when the version is known.", "v.known_from"),
    ),
)
