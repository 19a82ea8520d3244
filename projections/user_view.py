"""View: users, and the teams that they are in."""

from projections.users import USERS
from projections.view import Asked, Field, Kind, View, personal, plain

(_USERS,) = USERS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_USERS)} u"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "u.tenant = %(tenant)s"


def _manager(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_USERS)} m
        ON m.tenant = u.tenant AND m.user_id = u.manager_id"""


USER_VIEW = View(
    name="users",
    description="Users, as far as accounts are assigned to users and users to teams.",
    key=("user_id",),
    source=_source,
    where=_where,
    joins={"manager": _manager},
    fields=(
        Field("user_id", Kind.TEXT, "The user's id.", "u.user_id", source="USR-10"),
        Field("name", Kind.TEXT, "The user's name.", "u.name", source="USR-15"),
        *personal(*plain("u", Kind.TEXT, {"email": "The user's e-mail address."}, source="USR-15")),
        Field(
            "kind",
            Kind.TEXT,
            "What the user is there for: credit_user, credit_manager or inquiry_user.",
            "u.kind",
            source="USR-01",
        ),
        *plain(
            "u", Kind.TEXT, {"manager_id": "The user whose team it is in, if any."}, source="USR-11"
        ),
        Field(
            "manager_name",
            Kind.TEXT,
            "The name of the user whose team it is in.",
            "m.name",
            nullable=True,
            needs=("manager",),
            source="USR-11",
        ),
        Field(
            "active",
            Kind.BOOLEAN,
            "Whether it may be assigned accounts; a user that is retired may not.",
            "u.active",
            source="USR-10",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the user has been known to be like this.",
            "u.known_from",
        ),
    ),
)
