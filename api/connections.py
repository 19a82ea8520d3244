"""Relay connections over listings: arguments, pages cut by key, and batches for parents.

https://relay.dev/graphql/connections.htm
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import strawberry
from msgspec import Struct
from strawberry.dataloader import DataLoader

from api.context import Info, Reading
from api.errors import ApiError, Code
from api.selection import fields_below
from api.view_types import (
    FilterInput,
    OrderInput,
    ViewObject,
    condition,
    orders,
    total_names,
    totals_of,
    values_of,
)
from domain.api_key import Role
from domain.conditions import ALWAYS, AllOf, Condition
from domain.shared.text import camel
from projections.listing import (
    Cut,
    Listing,
    Order,
    Record,
    by_key,
    page,
    page_per_parent,
    summary,
    total,
    totals_per_parent,
    typed,
)
from projections.view import View
from runtime.personal_reads import PersonalReads

PAGE_DEFAULT = 50
"""Records of a page that says no number."""

PAGE_MAX = 500
"""Records of a page at most."""

Node = TypeVar("Node", bound=ViewObject)
Loaded = TypeVar("Loaded")
AnySummary = TypeVar("AnySummary", bound=ViewObject)

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"So many from the start or after `after`; {PAGE_DEFAULT} by default,"
        f" {PAGE_MAX} at most."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Begin after this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=f"So many from the end or before `before`; {PAGE_MAX} at most."
    ),
]
Before = Annotated[str | None, strawberry.argument(description="End before this cursor.")]
AsOf = Annotated[
    date | None,
    strawberry.argument(
        description="The date on which the figures are true in business terms; records that begin"
        " later are left out. By default the business date of now."
    ),
]
KnownAt = Annotated[
    datetime | None,
    strawberry.argument(description="As the log knew it at this moment; by default now."),
]
AtLeast = Annotated[
    int | None,
    strawberry.argument(
        description="Answer only when the read models show this position of the log, which"
        " mutations return; wait for it a bounded time."
    ),
]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(description="Whether there are records after it.")
    has_previous_page: bool = strawberry.field(
        description="Whether there are records before it, as far as that is known without looking:"
        " when paging forward, whether a cursor to begin after was given."
    )
    start_cursor: str | None = strawberry.field(description="Cursor of its first record.")
    end_cursor: str | None = strawberry.field(description="Cursor of its last record.")


@strawberry.type(description="A record in a list, with its place.")
class Edge(Generic[Node]):
    """A record in a list, with its place."""

    cursor: str = strawberry.field(description="Where the record stands in the list.")
    node: Node = strawberry.field(description="The record.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    """A page of a list."""

    nodes: list[Node] = strawberry.field(description="The page's records.")
    cursors: strawberry.Private[Callable[[], list[str]]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    sums: strawberry.Private[Callable[[tuple[str, ...]], Awaitable[list[Record]]]]
    reading: strawberry.Private[Reading]
    has_next: strawberry.Private[bool]
    has_previous: strawberry.Private[bool]

    @strawberry.field(description="The page's records with their places.")
    def edges(self) -> list[Edge[Node]]:
        """Return the records with their cursors."""
        return [
            Edge(cursor=cursor, node=node)
            for cursor, node in zip(self.cursors(), self.nodes, strict=True)
        ]

    @strawberry.field(description="Where the page lies in the list.")
    def page_info(self) -> PageInfo:
        """Return where the page lies."""
        cursors = self.cursors()
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )

    @strawberry.field(description="How many records the whole list has; counted when asked for.")
    async def total_count(self) -> int:
        """Return the number of records of the whole list."""
        return await self.count()

    async def summaries(
        self, info: Info, view: View, summary_type: type[AnySummary]
    ) -> list[AnySummary]:
        """Return the totals of the whole list, by what its view is summed up by."""
        names = total_names(view, fields_below(info))
        return [
            summary_type.of(totals_of(view, names, record), self.reading)
            for record in await self.sums(names)
        ]


class Capability(Struct, frozen=True):
    """A view as GraphQL shows it: its object type and the fields that its resolvers need.

    The key is always read; `links` maps GraphQL fields that lead elsewhere to the view's fields
    that they are resolved by. `connection` is the type of its lists. What its records tell of
    persons is in personal fields of the view; of other records `note_reads` finds it.
    """

    view: View
    node: type[ViewObject]
    links: dict[str, tuple[str, ...]] = {}
    roles: frozenset[Role] = frozenset(Role)
    connection: type[Connection[Any]] = Connection
    note_reads: Callable[[PersonalReads, tuple[str, ...], Sequence[Record]], None] | None = None

    def admit(self, info: Info) -> None:
        """Let only those read it who may.

        Raises:
            ApiError: if the caller has none of the roles.
        """
        info.context.require(*sorted(self.roles))

    def select(self, asked_for: frozenset[str]) -> tuple[str, ...]:
        """Return the view's fields to read for the GraphQL fields that a query asks for."""
        linked = {field for name in asked_for for field in self.links.get(name, ())}
        return tuple(
            name
            for name, told in _names(self.view).items()
            if told in asked_for or name in linked or name in self.view.key
        )


_names_by_view: dict[str, dict[str, str]] = {}


def _names(view: View) -> dict[str, str]:
    """Return the GraphQL name of each of a view's fields."""
    known = _names_by_view.get(view.name)
    if known is None:
        known = {field.name: camel(field.name) for field in view.fields}
        _names_by_view[view.name] = known
    return known


_capabilities: dict[str, Capability] = {}


def offer(capability: Capability) -> Capability:
    """Let other capabilities' resolvers lead to this one."""
    _capabilities[capability.view.name] = capability
    return capability


def offered(view_name: str) -> Capability:
    """Return the capability of a view."""
    return _capabilities[view_name]


class Cutting(Struct, frozen=True):
    """The page arguments of a connection, checked."""

    count: int
    after: str | None
    before: str | None
    backward: bool

    @classmethod
    def of(
        cls, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> "Cutting":
        """Return the arguments.

        Raises:
            ApiError: if they contradict each other or ask for too much.
        """
        if first is not None and last is not None:
            raise ApiError(Code.BAD_USER_INPUT, "Give first or last, not both.")
        backward = last is not None
        count = last if last is not None else PAGE_DEFAULT if first is None else first
        if not 0 <= count <= PAGE_MAX:
            name = "last" if backward else "first"
            raise ApiError(Code.BAD_USER_INPUT, f"{name} must be from 0 to {PAGE_MAX}.")
        return cls(count, after, before, backward)

    def has_next(self, *, more: bool) -> bool:
        """Whether records follow the page, if there are more than it shows in its direction."""
        return self.before is not None if self.backward else more

    def has_previous(self, *, more: bool) -> bool:
        """Whether records precede it, as far as that is known without looking."""
        return more if self.backward else self.after is not None

    def page_info(self, cursors: Sequence[str], *, more: bool) -> PageInfo:
        """Return where the page of the records with these cursors lies."""
        return PageInfo(
            has_next_page=self.has_next(more=more),
            has_previous_page=self.has_previous(more=more),
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def _nodes(
    capability: Capability,
    reading: Reading,
    columns: tuple[str, ...],
    records: Sequence[Record],
) -> list[Any]:
    """Return the objects of records with these columns, and note what they tell of persons."""
    if reading.reads is not None:
        if capability.note_reads is not None:
            capability.note_reads(reading.reads, columns, records)
        else:
            reading.reads.add_records(capability.view, columns, records)
    values = values_of(capability.view, columns)
    return [capability.node.of(values(record), reading) for record in records]


async def connection(
    info: Info,
    capability: Capability,
    reading: Reading,
    cutting: Cutting,
    *,
    where: FilterInput | None = None,
    order_by: Sequence[OrderInput] | None = None,
    also: Condition | None = None,
    order: tuple[Order, ...] = (),
) -> Any:
    """Return a page of a view, of its capability's type: one statement, and one more a total.

    `also` holds beside the filter that the client gave; `order` is what counts if it gave none.
    """
    capability.admit(info)
    listing = _listing(info, capability, reading, where, order_by, also, order)
    cut = Cut(
        cutting.count + 1,
        _values(listing, cutting.after),
        _values(listing, cutting.before),
        cutting.backward,
    )
    records = await reading.fetch(page(listing, cut))
    return _page(
        capability,
        reading,
        listing,
        records,
        cutting,
        lambda: _count(reading, listing),
        lambda names: reading.fetch(summary(listing, names)),
    )


async def connection_of_parent(
    info: Info,
    capability: Capability,
    reading: Reading,
    parent: tuple[str, ...],
    link: tuple[str, ...],
    first: int | None,
    *,
    where: FilterInput | None = None,
    order_by: Sequence[OrderInput] | None = None,
    also: Condition | None = None,
    order: tuple[Order, ...] = (),
) -> Any:
    """Return the first records that belong to a parent.

    All parents of a page are answered by one statement together. `also` and `order` are as in
    `connection`.
    """
    cutting = Cutting.of(first, None, None, None)
    listing = _listing(info, capability, reading, where, order_by, also, order)
    told = (capability.view.name, link, cutting.count, _fingerprint(listing))

    async def pages(parents: list[tuple[str, ...]]) -> list[list[Record]]:
        found: dict[tuple[str, ...], list[Record]] = {one: [] for one in parents}
        query = page_per_parent(listing, cutting.count + 1, link, parents)
        for record in await reading.fetch(query):
            values = record.values
            found[values[: len(link)]].append(Record(values[len(link) :]))
        return [found[one] for one in parents]

    async def counts(parents: list[tuple[str, ...]]) -> list[int]:
        found = {
            record.values[:-1]: record.values[-1]
            for record in await reading.fetch(totals_per_parent(listing, link, parents))
        }
        return [found.get(one, 0) for one in parents]

    def sums(names: tuple[str, ...]) -> Awaitable[list[Record]]:
        async def load(parents: list[tuple[str, ...]]) -> list[list[Record]]:
            found: dict[tuple[str, ...], list[Record]] = {one: [] for one in parents}
            for record in await reading.fetch(summary(listing, names, link, parents)):
                found[record.values[: len(link)]].append(Record(record.values[len(link) :]))
            return [found[one] for one in parents]

        return _loaded(_loader(reading, ("sums", *told, names), load), parent)

    records = await _loader(reading, ("pages", *told), pages).load(parent)
    counter = _loader(reading, ("counts", *told), counts)
    return _page(
        capability,
        reading,
        listing,
        records,
        cutting,
        lambda: _loaded(counter, parent),
        sums,
    )


async def parts_of_parent(
    info: Info,
    capability: Capability,
    reading: Reading,
    parent: tuple[str, ...],
    link: tuple[str, ...],
    count_max: int,
) -> list[Any]:
    """Return the records that a parent is made of, `count_max` at most, in the order of the key.

    All parents of a page are answered by one statement together.
    """
    listing = Listing(capability.view, reading.asked, capability.select(fields_below(info)))

    async def parts(parents: list[tuple[str, ...]]) -> list[list[Record]]:
        found: dict[tuple[str, ...], list[Record]] = {one: [] for one in parents}
        for record in await reading.fetch(page_per_parent(listing, count_max, link, parents)):
            values = record.values
            found[values[: len(link)]].append(Record(values[len(link) :]))
        return [found[one] for one in parents]

    told = ("parts", capability.view.name, link, listing.select)
    records = await _loader(reading, told, parts).load(parent)
    return _nodes(capability, reading, listing.columns, records)


async def one(
    info: Info, capability: Capability, reading: Reading, key: tuple[Any, ...]
) -> Any | None:
    """Return the record of a key, or None; all that a request asks for come by one statement."""
    select = capability.select(fields_below(info))
    listing = Listing(capability.view, reading.asked, select)
    places = [listing.columns.index(name) for name in capability.view.key]

    async def records(keys: list[tuple[Any, ...]]) -> list[Record | None]:
        found = {
            tuple(record.values[place] for place in places): record
            for record in await reading.fetch(by_key(listing, keys))
        }
        return [found.get(one) for one in keys]

    told = ("one", capability.view.name, select)
    record = await _loader(reading, told, records).load(key)
    if record is None:
        return None
    return _nodes(capability, reading, listing.columns, [record])[0]


async def records_of(
    capability: Capability,
    reading: Reading,
    keys: Sequence[tuple[Any, ...]],
    asked_for: frozenset[str],
    where: FilterInput | None,
    also: Condition = ALWAYS,
) -> list[Any]:
    """Return the records of `keys` that a filter lets through, in the order of the keys.

    `also` must hold of them, too.
    """
    view = capability.view
    select = capability.select(asked_for)
    listing = Listing(view, reading.asked, select, AllOf([condition(view, where), also]))
    places = [listing.columns.index(name) for name in view.key]
    records = await reading.fetch(by_key(listing, keys)) if keys else []
    nodes = _nodes(capability, reading, listing.columns, records)
    found = {
        tuple(record.values[place] for place in places): node
        for record, node in zip(records, nodes, strict=True)
    }
    return [found[one] for one in keys if one in found]


async def count_of(
    capability: Capability, reading: Reading, where: FilterInput | None, also: Condition
) -> int:
    """Return how many records a filter lets through of which `also` holds."""
    view = capability.view
    return await _count(
        reading, Listing(view, reading.asked, (), AllOf([condition(view, where), also]))
    )


def _loader(
    reading: Reading, told: tuple[Any, ...], load: Callable[[list[Any]], Awaitable[list[Any]]]
) -> DataLoader[Any, Any]:
    known = reading.loaders.get(told)
    if known is None:
        known = reading.loaders[told] = DataLoader(load_fn=load)
    return known


async def _loaded(loader: DataLoader[Any, Loaded], key: tuple[str, ...]) -> Loaded:
    return await loader.load(key)


async def _count(reading: Reading, listing: Listing) -> int:
    return (await reading.fetch(total(listing)))[0]


def _listing(
    info: Info,
    capability: Capability,
    reading: Reading,
    where: FilterInput | None,
    order_by: Sequence[OrderInput] | None,
    also: Condition | None,
    order: tuple[Order, ...],
) -> Listing:
    view = capability.view
    asked_for = fields_below(info, "nodes") | fields_below(info, "edges", "node")
    given = condition(view, where)
    return Listing(
        view,
        reading.asked,
        capability.select(asked_for),
        given if also is None else AllOf([given, also]),
        orders(order_by) or order,
    )


def _page(
    capability: Capability,
    reading: Reading,
    listing: Listing,
    records: Sequence[Record],
    cutting: Cutting,
    count: Callable[[], Awaitable[int]],
    sums: Callable[[tuple[str, ...]], Awaitable[list[Record]]],
) -> Connection[Any]:
    more = len(records) > cutting.count
    shown = list(records[: cutting.count])
    if cutting.backward:
        shown.reverse()
    return capability.connection(
        nodes=_nodes(capability, reading, listing.columns, shown),
        cursors=lambda: _cursors(listing, shown),
        count=count,
        sums=sums,
        reading=reading,
        has_next=cutting.has_next(more=more),
        has_previous=cutting.has_previous(more=more),
    )


# Cursors: opaque to clients, the order and the record's values of it inside.


def _cursors(listing: Listing, records: Sequence[Record]) -> list[str]:
    order = _order_text(listing)
    columns = listing.columns
    places = [columns.index(one.field) for one in listing.full_order]
    return [
        base64.urlsafe_b64encode(
            msgspec.json.encode([order, *(record.values[place] for place in places)])
        )
        .decode()
        .rstrip("=")
        for record in records
    ]


def _order_text(listing: Listing) -> str:
    return ",".join(f"{'-' if one.descending else ''}{one.field}" for one in listing.full_order)


def _values(listing: Listing, cursor: str | None) -> tuple[Any, ...] | None:
    """Return the values that a cursor stands for.

    Raises:
        ApiError: if it is none, or one of another order.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=list[Any]
        )
        if told[0] != _order_text(listing):
            raise ApiError(Code.BAD_USER_INPUT, "The cursor belongs to a list in another order.")
        return tuple(
            typed(listing.view.field(one.field).kind, value)
            for one, value in zip(listing.full_order, told[1:], strict=True)
        )
    except (binascii.Error, msgspec.DecodeError, IndexError, ValueError, TypeError) as bad:
        raise ApiError(Code.BAD_USER_INPUT, f"{cursor!r} is no cursor of this list.") from bad


def _fingerprint(listing: Listing) -> bytes:
    """Return what tells listings of one reading apart."""
    return msgspec.json.encode([listing.select, listing.where, listing.order])
