"""Personal fields of events, encrypted under a key of the person they are about.

Stored, such an event is its JSON without those fields, and they as one text `sealed`: base64 of a
nonce and of AES-256-GCM over their JSON, with tenant, stream, version and type as associated data,
so that it opens in its own place alone. A person's key is made when they first come and is kept
wrapped by a master key, which never is in the database. Once the key is destroyed, what stands for
erased fields (`Event.personal`) is read in their place.

Only events of types with personal fields come here; keys are looked up a page at a time, and not
kept from one page to the next, so that no process reads on after an erasure.
"""

import base64
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from psycopg import Connection

from domain.catalogue import EVENT_TYPES
from domain.shared.event import Event
from domain.shared.personal import FIELDS_OF_PERSONS, Named, person_of, person_told
from eventstore.codec import decode, encode
from eventstore.log import NewEvent, StreamMoved
from eventstore.masters import master as master_key

SEALED = "sealed"
"""The field of stored JSON that holds what is personal."""

PERSONAL_TYPES = frozenset(name for name, kind in EVENT_TYPES.items() if kind.personal)
"""Stored names of the events that may have to be opened."""

_MARK = f'"{SEALED}":'.encode()
"""What the stored JSON of such an event holds if there is something to be opened."""

_NONCE_BYTES = 12

KEYS = """SELECT person, wrapped, master FROM public.person_keys
    WHERE tenant = %(tenant)s AND person = ANY(%(persons)s)"""
"""Statement for the keys of some persons."""

_KEYS_AND_MASTER = (
    f"{KEYS} UNION ALL SELECT NULL, NULL, fingerprint FROM public.master_keys WHERE current"
)


class CannotOpen(Exception):
    """What is personal of an event cannot be decrypted, though nobody erased it."""


class NewKey(Struct, frozen=True):
    """The key of a person who comes for the first time, as it is stored."""

    person: str
    wrapped: bytes
    master: bytes


class Sealed(Struct, frozen=True):
    """A batch as it is stored: its data, new keys, whom it tells of, and whom it erases."""

    datas: Sequence[bytes]
    keys: Sequence[NewKey]
    persons: Sequence[str]
    erased: Sequence[str]


PersonKeys = Mapping[str, bytes | None]
"""Person -> key, None if it was destroyed."""


def tells_of_persons(batch: Sequence[NewEvent]) -> bool:
    """Whether events of a batch are to be sealed, or erase somebody."""
    kinds = {type(new.event) for new in batch}
    if any(kind.erases or (kind.personal and not kind.names) for kind in kinds):
        return True
    naming = {kind for kind in kinds if kind.names}
    return bool(naming) and any(
        type(new.event) in naming and person_in(new.stream, new.event) is not None for new in batch
    )


def seal_batch(connection: Connection[Any], tenant: int, batch: Sequence[NewEvent]) -> Sealed:
    """Return a batch as it is stored.

    What an event tells beside of somebody whom it only names is left out if they were erased.

    Raises:
        StreamMoved: if it tells of a person who was erased meanwhile.
        NoMasterKey: if the database wraps keys by a master key that is not known here.
    """
    about = [person_in(new.stream, new.event) for new in batch]
    told = {person for person in about if person is not None}
    erased = {person_of(new.stream) or new.stream for new in batch if new.event.erases}
    keys, fingerprint = _keys_for_sealing(connection, tenant, told) if told else ({}, b"")
    made: list[NewKey] = []
    for person in sorted(told - keys.keys()):
        key = AESGCM.generate_key(256)
        wrapped = _encrypted(master_key(fingerprint), key, _of_key(tenant, person))
        made.append(NewKey(person, wrapped, fingerprint))
        keys[person] = key
    datas: list[bytes] = []
    for new, person in zip(batch, about, strict=True):
        event = new.event
        if person is None:
            datas.append(encode(event))
        elif (key := keys[person]) is not None:
            where = place(tenant, new.stream, new.version, type(event).__name__)
            datas.append(sealed(event, key, where))
        elif event.names:
            told.discard(person)
            datas.append(_without_person(event))
        else:
            raise StreamMoved(f"{person} was erased.")
    return Sealed(datas, made, sorted(told), sorted(erased))


def person_in(stream: str, event: Event) -> str | None:
    """Return of whom an event of a stream has something to be sealed, None if it has nothing.

    An event of somebody's own always has, so that it does not show what is unknown of them; one
    that may name somebody has if it does.
    """
    if not event.personal:
        return None
    if event.names and not any(_tells(event, path) for path in event.personal):
        return None
    return person_told(event.names, stream, event)


def _tells(event: Event, path: str) -> bool:
    found: Any = event
    for name in path.split("."):
        found = getattr(found, name)
    return found is not None


def _keys_for_sealing(
    connection: Connection[Any], tenant: int, persons: Iterable[str]
) -> tuple[dict[str, bytes | None], bytes]:
    """Return the keys that persons have, and the fingerprint of what wraps new ones."""
    rows = connection.execute(
        _KEYS_AND_MASTER.encode(), {"tenant": tenant, "persons": list(persons)}, binary=True
    ).fetchall()
    fingerprint = next((row[2] for row in rows if row[0] is None), b"")
    return unwrapped(tenant, [row for row in rows if row[0] is not None]), fingerprint


def unwrapped(
    tenant: int, rows: Iterable[tuple[str, bytes | None, bytes | None]]
) -> dict[str, bytes | None]:
    """Return keys of persons, of rows of `KEYS`.

    Raises:
        NoMasterKey: if one is wrapped by a master key that is not known here.
        CannotOpen: if one does not unwrap.
    """
    return {
        person: None
        if wrapped is None or master is None
        else _decrypted(master_key(bytes(master)), bytes(wrapped), _of_key(tenant, person))
        for person, wrapped, master in rows
    }


def rewrapped(tenant: int, person: str, wrapped: bytes, master: bytes, current: bytes) -> bytes:
    """Return a person's key, wrapped by one master key, as wrapped by another; both are named.

    Raises:
        NoMasterKey: if either is not known here.
        CannotOpen: if it does not unwrap.
    """
    bound = _of_key(tenant, person)
    return _encrypted(master_key(current), _decrypted(master_key(master), wrapped, bound), bound)


def place(tenant: int, stream: str, version: int, type_name: str) -> bytes:
    """Return where an event stands: what is sealed there opens nowhere else."""
    return f"{tenant}\n{stream}\n{version}\n{type_name}".encode()


def _of_key(tenant: int, person: str) -> bytes:
    return f"key\n{tenant}\n{person}".encode()


def sealed(event: Event, key: bytes, where: bytes) -> bytes:
    """Return the stored form of an event with what is personal of it encrypted."""
    fields, told = _parted(event)
    fields[SEALED] = base64.b64encode(_encrypted(key, msgspec.json.encode(told), where)).decode()
    return msgspec.json.encode(fields)


def _without_person(event: Event) -> bytes:
    """Return the stored form of an event with what stands there once the person is erased."""
    fields, _ = _parted(event)
    _put_back(fields, _standing_in(type(event)))
    return msgspec.json.encode(fields)


def _parted(event: Event) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the JSON of an event without what is personal, and that by its paths."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    told: dict[str, Any] = {}
    for path in event.personal:
        *parents, name = path.split(".")
        holder = fields
        for parent in parents:
            holder = holder[parent]
        if name in holder:
            told[path] = holder.pop(name)
    return fields, told


def _standing_in(kind: type[Event]) -> dict[str, Any]:
    return {path: value for path, value in kind.personal.items() if value is not None}


def _put_back(fields: dict[str, Any], personal: Mapping[str, Any]) -> None:
    for path, value in personal.items():
        *parents, name = path.split(".")
        holder = fields
        for parent in parents:
            holder = holder[parent]
        holder[name] = value


def is_sealed(fields: Mapping[str, Any]) -> bool:
    """Whether the stored JSON of an event has something encrypted."""
    return SEALED in fields


def _sealed_fields(data: bytes) -> dict[str, Any] | None:
    """Return the fields of a stored event if it holds something to be opened."""
    if _MARK not in data:
        return None
    fields: dict[str, Any] = msgspec.json.decode(data)
    return fields if is_sealed(fields) else None


def opened(fields: dict[str, Any], type_name: str, key: bytes | None, where: bytes) -> None:
    """Put back into the JSON of a sealed event what is personal of it.

    Without a key, what stands for erased fields.

    Raises:
        CannotOpen: if the key does not fit, or it was sealed elsewhere.
    """
    told = fields.pop(SEALED)
    if key is None:
        personal = _standing_in(EVENT_TYPES[type_name])
    else:
        plain = _decrypted(key, base64.b64decode(told), where)
        personal: dict[str, Any] = msgspec.json.decode(plain)
    _put_back(fields, personal)


KEY_COLUMNS = "pk.wrapped, pk.master"
"""Columns of a person's key, for statements that read events with their keys."""


def _named_sql(names: Sequence[Named]) -> str:
    """Return the SQL of the person whom events `e` name, the same as `person_told`."""

    def part(path: str) -> str:
        told = f"convert_from(e.data, 'UTF8')::json #>> '{{{path.replace('.', ',')}}}'"
        escaped = f"replace(nullif({told}, ''), chr(37), chr(37) || '25')"
        return f"replace({escaped}, '/', chr(37) || '2F')"

    ways = [
        " || '/' || ".join((f"'{one.category}'", *(part(path) for path in one.paths)))
        for one in names
    ]
    return f"coalesce({', '.join((*ways, 'e.stream'))})"


def _person_sql() -> str:
    fields = "".join(
        f" WHEN starts_with(e.stream, '{begins}')"
        f" THEN '{person}' || substr(e.stream, {len(begins) + 1})"
        for begins, person in FIELDS_OF_PERSONS.items()
    )
    types: dict[tuple[Named, ...], list[str]] = {}
    for name, kind in EVENT_TYPES.items():
        if kind.names:
            types.setdefault(tuple(kind.names), []).append(f"'{name}'")
    named = "".join(
        f" WHEN e.type IN ({', '.join(kinds)}) THEN {_named_sql(names)}"
        for names, kinds in types.items()
    )
    return f"CASE{fields}{named} ELSE e.stream END"


KEY_JOIN = f"""LEFT JOIN public.person_keys pk ON pk.tenant = e.tenant
        AND pk.person = {_person_sql()}"""
"""Joins the keys of persons to events `e` by `person_told`."""


def open_with(
    tenant: int,
    stream: str,
    version: int,
    type_name: str,
    data: bytes,
    wrapped: bytes | None,
    master: bytes | None,
) -> bytes:
    """Return the JSON of an event with what is personal of it, read together with its key.

    Without a key, with what stands for erased fields.

    Raises:
        CannotOpen: if it cannot be decrypted, though nobody erased it.
        NoMasterKey: if its key is wrapped by a master key that is not known here.
    """
    if type_name not in PERSONAL_TYPES or (fields := _sealed_fields(data)) is None:
        return data
    person = person_told(EVENT_TYPES[type_name].names, stream, fields) or stream
    key = unwrapped(tenant, [(person, wrapped, master)])[person]
    opened(fields, type_name, key, place(tenant, stream, version, type_name))
    return msgspec.json.encode(fields)


class Opener:
    """Opens the events of one page; the keys of all it names are looked up with the first.

    `named` tells streams, types and stored forms of the page's events.
    """

    def __init__(
        self,
        connection: Connection[Any],
        tenant: int,
        named: Callable[[], Iterable[tuple[str, str, bytes]]],
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._named = named
        self._keys: PersonKeys | None = None

    def open(self, stream: str, version: int, type_name: str, data: bytes) -> Event:
        """Return an event of a type with personal fields.

        Raises:
            CannotOpen: if it cannot be decrypted, though nobody erased it.
            NoMasterKey: if its key is wrapped by a master key that is not known here.
        """
        fields = _sealed_fields(data)
        if fields is None:
            return decode(type_name, data)
        person = person_told(EVENT_TYPES[type_name].names, stream, fields)
        keys = self._keys
        if keys is None:
            keys = self._keys = self._load()
        if person is None or person not in keys:
            raise CannotOpen(f"There is no key of {person or stream}.")
        opened(fields, type_name, keys[person], place(self._tenant, stream, version, type_name))
        return msgspec.convert(fields, EVENT_TYPES[type_name])

    def _load(self) -> PersonKeys:
        persons = {
            person
            for stream, type_name, data in self._named()
            if type_name in PERSONAL_TYPES
            and _MARK in data
            and (person := _named_in(stream, type_name, data)) is not None
        }
        rows = self._connection.execute(
            KEYS.encode(), {"tenant": self._tenant, "persons": list(persons)}, binary=True
        )
        return unwrapped(self._tenant, rows)


def _named_in(stream: str, type_name: str, data: bytes) -> str | None:
    names = EVENT_TYPES[type_name].names
    return person_told(names, stream, msgspec.json.decode(data) if names else ())


def _encrypted(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypted(key: bytes, told: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(told[:_NONCE_BYTES], told[_NONCE_BYTES:], bound)
    except InvalidTag:
        raise CannotOpen("What is encrypted does not fit its key or its place.") from None
