"""View: messages, as one reader sees them (LOG-03)."""

from projections.messages import MESSAGES
from projections.view import Asked, Field, Kind, View, plain

_MESSAGES, _READERS = MESSAGES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_MESSAGES)} m"


def _where(asked: Asked) -> str:
    return f"m.tenant = %(tenant)s AND {asked.begun('m.delivered_on')}"


def _reader(asked: Asked) -> str:
    """Join when the reader read it; who reads is added and never taken away."""
    known = "AND x.known_from <= %(known_at)s" if asked.known_at is not None else ""
    return f"""LEFT JOIN {_READERS.name} x ON x.tenant = m.tenant
        AND x.message_id = m.message_id AND x.reader = %(reader)s {known}"""


MESSAGE_VIEW = View(
    name="messages",
    description="Messages: what the software tells users of what it did.",
    key=("message_id",),
    source=_source,
    where=_where,
    joins={"reader": _reader},
    fields=(
        *plain("m", Kind.TEXT, {"message_id": "Its key."}, source="LOG-03", nullable=False),
        Field(
            "message_no",
            Kind.INTEGER,
            "Its number: the position in the log at which it was delivered.",
            "m.message_no",
            source="LOG-03",
        ),
        *plain(
            "m",
            Kind.TEXT,
            {
                "kind": "What it tells: sync_done, actions_generated, run_failed, preview_ready,"
                " export_ready or alert.",
                "subject": "What it is about.",
                "body": "What it tells.",
            },
            source="LOG-03",
            nullable=False,
        ),
        *plain(
            "m",
            Kind.TEXT,
            {
                "user_id": "Whom it is for; unknown for everybody who runs the site.",
                "link": "Where more of it is shown.",
                "file_name": "The name of its file.",
                "media_type": "What its file is.",
                "sha256": "The SHA-256 of its file, in hexadecimal digits.",
            },
            source="LOG-03",
        ),
        *plain("m", Kind.INTEGER, {"file_size": "How many bytes its file has."}, source="LOG-03"),
        Field(
            "delivered_on", Kind.DATE, "When it was delivered.", "m.delivered_on", source="LOG-03"
        ),
        Field(
            "read",
            Kind.BOOLEAN,
            "Whether who asks has read it.",
            "(x.reader IS NOT NULL)",
            needs=("reader",),
            source="LOG-03",
        ),
        Field(
            "read_at",
            Kind.MOMENT,
            "When who asks read it.",
            "x.known_from",
            nullable=True,
            needs=("reader",),
            source="LOG-03",
        ),
    ),
)
