"""Telling users what the software did: messages (LOG-03)."""

from datetime import date

from application.handling import Request
from domain.message import MESSAGE, DeliverMessage, MessageKind, StoredFile, message_id
from domain.shared.text import kept


def message_request(
    occasion: tuple[str, ...],
    kind: MessageKind,
    subject: str,
    body: str,
    *,
    actor: str,
    business_date: date,
    cause: str,
    user_id: str | None = None,
    attachment: StoredFile | None = None,
    link: str | None = None,
    correlation: str | None = None,
) -> Request:
    """Return what delivers a message to a user, or to everybody who runs the site without one.

    `occasion` tells what it is about from everything else that is told of: it is delivered once
    for each occasion and kind, however often this is carried out. The bytes of an attachment are
    stored before (`eventstore.files.store_file`). What it quotes, such as the words of a failure,
    may be no plain text: what cannot be kept of it is replaced.
    """
    subject, body = kept(subject), kept(body)
    key = message_id(kind.value, *occasion)
    return Request(
        MESSAGE,
        (key,),
        DeliverMessage(key, kind, subject, body, business_date, user_id, attachment, link),
        actor=actor,
        business_date=business_date,
        cause=cause,
        correlation=correlation or cause,
    )
