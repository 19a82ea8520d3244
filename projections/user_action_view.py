"""View: user actions, and their kinds (UA-01 to UA-05)."""

from domain.shared.user_action_kinds import DEFAULTS
from projections.accounts import ACCOUNTS
from projections.user_action_kinds import USER_ACTION_KINDS
from projections.user_actions import USER_ACTIONS
from projections.view import Asked, Field, Kind, View, numbered, plain

(_ACTIONS,) = USER_ACTIONS.tables
(_KINDS,) = USER_ACTION_KINDS.tables
(_ACCOUNTS,) = ACCOUNTS.tables


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_GIVEN = ", ".join(
    f"({_text(kind.value)}, {_text(one.description)}, {one.priority:d})"
    for kind, one in DEFAULTS.items()
)
"""What kinds come with, as SQL rows."""


def kinds_of_user_actions(asked: Asked) -> str:
    """Return the SQL of all kinds, as the site calls them."""
    return f"""(
        SELECT d.kind COLLATE "C" AS kind, coalesce(k.description, d.description) AS description,
               coalesce(k.priority, d.priority) AS priority,
               d.description AS default_description, d.priority AS default_priority
        FROM (VALUES {_GIVEN}) d (kind, description, priority)
        LEFT JOIN {asked.rows(_KINDS)} k ON k.tenant = %(tenant)s AND k.kind = d.kind) k"""


def _every_kind(asked: Asked) -> str:  # noqa: ARG001
    return "true"


USER_ACTION_KIND_VIEW = View(
    name="user_action_kinds",
    description="Kinds of user actions: what the software tells users to look after.",
    key=("kind",),
    source=kinds_of_user_actions,
    where=_every_kind,
    fields=(
        Field("kind", Kind.TEXT, "The kind: its key.", "k.kind", source="UA-02"),
        Field("description", Kind.TEXT, "What the site calls it.", "k.description", source="UA-03"),
        Field(
            "priority",
            Kind.INTEGER,
            "How urgent its actions are; 1 is the most urgent.",
            "k.priority",
            source="UA-03",
        ),
        Field(
            "default_description",
            Kind.TEXT,
            "What it is called where the site says nothing else.",
            "k.default_description",
            source="UA-03",
        ),
        Field(
            "default_priority",
            Kind.INTEGER,
            "How urgent its actions are where the site says nothing else.",
            "k.default_priority",
            source="UA-03",
        ),
    ),
)


def _source(asked: Asked) -> str:
    return f"{asked.rows(_ACTIONS)} a"


def _where(asked: Asked) -> str:
    return f"a.tenant = %(tenant)s AND {asked.begun('a.raised_on')}"


def _kind(asked: Asked) -> str:
    return f"JOIN {kinds_of_user_actions(asked)} ON k.kind = a.kind"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = a.tenant
        AND c.company_id = a.company_id AND c.cust_id = a.cust_id"""


_DONE = "a.done_on <= %(as_of)s"
_WITHDRAWN = "a.withdrawn_on <= %(as_of)s"

USER_ACTION_VIEW = View(
    name="user_actions",
    description="User actions: what the software tells users to look after.",
    key=("action_id",),
    source=_source,
    where=_where,
    joins={"kind": _kind, "account": _account},
    fields=(
        *plain("a", Kind.TEXT, {"action_id": "Its key."}, source="UA-01", nullable=False),
        Field(
            "action_no",
            Kind.INTEGER,
            "Its number: the position in the log at which it was raised first.",
            "a.action_no",
            source="UA-01",
        ),
        Field(
            "action_number",
            Kind.TEXT,
            "Its number with ten digits.",
            numbered("a.action_no"),
            source="UA-01",
        ),
        *plain("a", Kind.TEXT, {"kind": "What kind it is of."}, source="UA-02", nullable=False),
        Field(
            "description",
            Kind.TEXT,
            "What the site calls its kind.",
            "k.description",
            needs=("kind",),
            source="UA-03",
        ),
        Field(
            "priority",
            Kind.INTEGER,
            "How urgent it is; 1 is the most urgent.",
            "k.priority",
            needs=("kind",),
            source="UA-03",
        ),
        *plain(
            "a",
            Kind.TEXT,
            {"company_id": "The ERP company of the account.", "cust_id": "The account."},
            source="UA-05",
            nullable=False,
        ),
        Field(
            "cust_name",
            Kind.TEXT,
            "The name of the account.",
            "c.cust_name",
            nullable=True,
            needs=("account",),
            source="ACC-02",
        ),
        *plain(
            "a",
            Kind.TEXT,
            {"user_id": "The user who is responsible; unknown for nobody in particular."},
            source="UA-05",
        ),
        *plain(
            "a",
            Kind.TEXT,
            {"text": "What is the matter, in a sentence."},
            source="UA-02",
            nullable=False,
        ),
        *plain(
            "a",
            Kind.TEXT,
            {
                "promise_id": "The promise that it is about.",
                "activity_id": "The activity whose follow-up it is about.",
                "pending_payment_id": "The online payment that it is about.",
            },
            source="UA-02",
        ),
        Field("raised_on", Kind.DATE, "When it was raised.", "a.raised_on", source="UA-02"),
        Field(
            "raised_on_days",
            Kind.INTEGER,
            "Days since it was raised on the as-of date.",
            "(%(as_of)s::date - a.raised_on)",
            source="UA-02",
        ),
        Field(
            "open",
            Kind.BOOLEAN,
            "Whether it is still to be looked after on the as-of date.",
            f"(({_DONE}) IS NOT TRUE AND ({_WITHDRAWN}) IS NOT TRUE)",
            source="LIST-02",
        ),
        Field(
            "done_on",
            Kind.DATE,
            "When a user looked after it.",
            f"CASE WHEN {_DONE} THEN a.done_on END",
            nullable=True,
            source="UA-01",
        ),
        Field(
            "done_by",
            Kind.TEXT,
            "Who looked after it: a user, or a key as the log names it.",
            f"CASE WHEN {_DONE} THEN a.done_by END",
            nullable=True,
            source="UA-01",
        ),
        Field(
            "withdrawn_on",
            Kind.DATE,
            "When it was withdrawn, as its reason was gone.",
            f"CASE WHEN {_WITHDRAWN} THEN a.withdrawn_on END",
            nullable=True,
            source="LIST-02",
        ),
        Field(
            "withdrawn_reason",
            Kind.TEXT,
            "Why it was withdrawn.",
            f"CASE WHEN {_WITHDRAWN} THEN a.withdrawn_reason END",
            nullable=True,
            source="LIST-02",
        ),
        Field("known_from", Kind.MOMENT, "Since when it is known like this.", "a.known_from"),
    ),
    summed_by=("user_id", "kind", "description", "priority"),
)
