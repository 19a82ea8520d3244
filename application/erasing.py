"""Erasing persons: what is wished of an erasure, and what follows for the streams about the person.

All of it is appended together, and the person's key destroyed with it: an erasure is never half
done.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

import domain.account
import domain.api_key
import domain.contact
import domain.personal_contact
import domain.sales_person
import domain.user
from application.handling import Consulted, Handled, Outcome, Request, handle_all
from domain.account import ACCOUNT, EraseNamelessSalesPerson
from domain.api_key import API_KEY, EraseApiKey
from domain.contact import CONTACT, EraseContact
from domain.erasure import ERASURE, ErasureCommand, WithdrawErasure, is_done
from domain.legal_hold import LEGAL_HOLD, is_held
from domain.personal_contact import PERSONAL_CONTACT, ErasePersonalContact
from domain.sales_person import SALES_PERSON, EraseSalesPerson
from domain.shared.decider import Decider, Refused
from domain.shared.record_types import RecordType
from domain.shared.streams import stream_key, stream_name
from domain.site_options import SITE, SITE_OPTIONS, erasure_needs_two
from domain.user import USER, EraseUser
from domain.user_fields import USER_FIELDS, EraseUserFields
from eventstore.log import Log

_KEY_PARTS = {
    ACCOUNT.category: 2,
    API_KEY.category: 1,
    CONTACT.category: 3,
    PERSONAL_CONTACT.category: 1,
    SALES_PERSON.category: 2,
    USER.category: 1,
}
"""Categories of streams about persons, and of how many parts their keys are."""


_ONLY_NAMED = frozenset({ACCOUNT.category, SALES_PERSON.category})
"""Categories whose streams do not tell themselves whether there is somebody to be erased."""


def _is_known(account: Any) -> bool:
    return domain.account.facts(account) is not None


_THERE: Mapping[str, tuple[Decider[Any, Any, Any], Callable[[Any], bool]]] = {
    ACCOUNT.category: (ACCOUNT, domain.account.can_be_erased),
    API_KEY.category: (API_KEY, domain.api_key.can_be_erased),
    CONTACT.category: (CONTACT, domain.contact.can_be_erased),
    PERSONAL_CONTACT.category: (PERSONAL_CONTACT, domain.personal_contact.can_be_erased),
    SALES_PERSON.category: (SALES_PERSON, domain.sales_person.can_be_erased),
    USER.category: (USER, domain.user.can_be_erased),
}
"""Category -> whether there is somebody to be erased, by the state of their stream."""


class Wish(Struct, frozen=True):
    """What is wished of the erasure of a person, and by whom, as requests tell it.

    The command names who wishes it as people know them, `actor` as the log does.
    """

    person: str
    command: ErasureCommand
    actor: str
    business_date: date
    cause: str
    correlation: str
    idempotency_key: str | None = None


def known_asked(key: tuple[str, ...]) -> Consulted:
    """Return whether there is an account, or a person to be erased, by category and key."""
    if key[0] == ACCOUNT.category:
        return Consulted(ACCOUNT, key[1:], _is_known)
    return _there_asked(key)


def _there_asked(key: tuple[str, ...]) -> Consulted:
    decider, there = _THERE[key[0]]
    return Consulted(decider, key[1:], there)


def held_key(company_id: str, cust_id: str, cntct_id: str | None) -> tuple[str, ...]:
    """Return the key of the legal hold on an account, or on a contact of it."""
    if cntct_id is None:
        return (ACCOUNT.category, company_id, cust_id)
    return (CONTACT.category, company_id, cust_id, cntct_id)


def checked_person(name: str) -> str:
    """Return the name of a stream about a person.

    Raises:
        Refused: if it is none.
    """
    category, _, _ = name.partition("/")
    key = stream_key(name)
    if _KEY_PARTS.get(category) != len(key) or not all(key) or stream_name(category, *key) != name:
        raise Refused(
            "person_invalid",
            "A person is named contact/COMPANY/ACCOUNT/ID, personal_contact/ID,"
            " sales_person/COMPANY/ID or user/ID; account/COMPANY/ACCOUNT is the sales person whom"
            " an account names without an id, api_key/ID who has an API key and is no user.",
            "person",
        )
    return name


def carry_out(log: Log, wish: Wish) -> Handled:
    """Carry out what is wished, and erase the person if that is what it comes to.

    Raises:
        Refused: when the business says no.
        StreamMoved: when others kept appending first.
        LogUnavailable: when the log does not answer.
    """
    outcomes = handle_all(log, requests(log, wish))
    handled = [_of(one) for one in outcomes]
    events = [event for one in handled for event in one.events]
    position = max(one.position for one in handled)
    return Handled(events, position, repeated=handled[0].repeated)


def _of(outcome: Outcome) -> Handled:
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def requests(log: Log, wish: Wish) -> Sequence[Request]:
    """Return the commands that a wish leads to: of the erasure, and of what is about the person.

    Raises:
        Refused: if it names no person.
    """
    person = checked_person(wish.person)
    category, _, _ = person.partition("/")
    key = stream_key(person)
    first = _request(wish, ERASURE, (category, *key), wish.command, _asked(wish, category, key))
    done = (Consulted(ERASURE, (category, *key), is_done),)
    day = wish.business_date
    if category in _ONLY_NAMED and not log.tells_of(person):
        raise Refused("person_unknown", "Nothing was ever told of such a person.", "person")
    if category == PERSONAL_CONTACT.category:
        return [
            first,
            _request(wish, PERSONAL_CONTACT, key, ErasePersonalContact(day), done),
        ]
    if category == USER.category:
        return [first, _request(wish, USER, key, EraseUser(day), done)]
    if category == API_KEY.category:
        return [first, _request(wish, API_KEY, key, EraseApiKey(day), done)]
    if category == ACCOUNT.category:
        return [first, _request(wish, ACCOUNT, key, EraseNamelessSalesPerson(day), done)]
    if category == SALES_PERSON.category:
        found = [first, _request(wish, SALES_PERSON, key, EraseSalesPerson(day), done)]
        fields = (RecordType.SALES_PERSON.value, *key)
    else:
        found = [first, _request(wish, CONTACT, key, EraseContact(day), done)]
        fields = (RecordType.CONTACT.value, *key)
    if log.load([stream_name(USER_FIELDS.category, *fields)]):
        found.append(_request(wish, USER_FIELDS, fields, EraseUserFields(day), done))
    return found


def _asked(wish: Wish, category: str, key: tuple[str, ...]) -> tuple[Consulted, ...]:
    """Return what the decision on an erasure consults."""
    if isinstance(wish.command, WithdrawErasure):
        return ()
    holds: list[tuple[str, ...]] = []
    if category == CONTACT.category:
        holds = [(category, *key), (ACCOUNT.category, *key[:2])]
    elif category == ACCOUNT.category:
        holds = [(category, *key)]
    return (
        _there_asked((category, *key)),
        Consulted(SITE_OPTIONS, (SITE,), erasure_needs_two),
        *(Consulted(LEGAL_HOLD, held, is_held) for held in holds),
    )


def _request(
    wish: Wish,
    decider: Any,
    key: tuple[str, ...],
    command: Struct,
    consults: tuple[Consulted, ...],
) -> Request:
    asks = decider is ERASURE  # what follows is of the same append
    return Request(
        decider,
        key,
        command,
        wish.actor,
        wish.business_date,
        wish.cause,
        wish.correlation,
        wish.idempotency_key if asks else None,
        consults,
        consults_firmly=asks,
    )
