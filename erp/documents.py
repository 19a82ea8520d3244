"""The contract of the CSV folder: files, their columns, and text to values.

DESIGN section 7. Values are parsed strictly: what is no date, amount or currency is a fault with
its column, never a guess. Empty text means unknown.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from msgspec import Struct

from domain.shared.currency import is_currency
from domain.shared.rows import BadRow
from domain.shared.time_zones import is_time_zone

TEXT_CHARACTERS_MAX = 10_000
KEY_CHARACTERS_MAX = 200
AMOUNT_DIGITS_MAX = 24
"""So that arithmetic in 28 digits, the decimal default, stays exact over thousands of them."""
YEAR_MIN, YEAR_MAX = 1900, 2999


class BadValue(Exception):
    """A text is no value of its column's type; the message says what it should be."""


class Column(Struct, frozen=True):
    """A column of a file: how its text becomes a value, and whether it must be there."""

    name: str
    parse: Callable[[str], Any]
    required: bool = False
    parse_many: Callable[[list[str]], list[Any]] | None = None
    """The same for many texts at once, if there is a faster way than one by one."""

    def parse_all(self, texts: list[str]) -> list[Any]:
        """Return the values of many texts, None for unknown; as `parse` one by one, but faster.

        Raises:
            BadValue: if one of them is no value of the type, or is missing; `parse` tells which.
        """
        many = self.parse_many or _PARSERS_OF_MANY.get(self.parse)
        if many is not None:
            values = many(texts)
        else:
            values = [self.parse(told) if told else None for told in texts]
        if self.required and None in values:
            raise BadValue("is missing")
        return values


class Kind(Struct, frozen=True):
    """A file of the contract: its columns and which of them make up its key."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"


def text(value: str) -> str:
    """Return a text as it came, without white space around it."""
    if len(value) > TEXT_CHARACTERS_MAX:
        raise BadValue(f"is longer than {TEXT_CHARACTERS_MAX} characters")
    return value.strip()


def key_text(value: str) -> str:
    """Return a key: text as it came, never read as a number (ACC-01)."""
    value = value.strip()
    if len(value) > KEY_CHARACTERS_MAX:
        raise BadValue(f"is longer than {KEY_CHARACTERS_MAX} characters")
    if not value.isprintable():
        raise BadValue("holds a control character")
    return value


@lru_cache(maxsize=65_536)
def iso_date(value: str) -> date:
    """Return a date written YYYY-MM-DD."""
    try:
        if len(value) != 10 or not value[4] == value[7] == "-":  # noqa: PLR2004  (no week dates)
            raise ValueError
        parsed = date.fromisoformat(value)
    except ValueError:
        raise BadValue(f"{shown(value)} is no date; dates are written YYYY-MM-DD") from None
    return in_years(parsed, value)


def in_years(told: date, value: str) -> date:
    """Return the date that `value` tells if it can be meant.

    Raises:
        BadValue: if no document is of its year.
    """
    if not YEAR_MIN <= told.year <= YEAR_MAX:
        raise BadValue(f"{shown(value)} lies outside of the years {YEAR_MIN} to {YEAR_MAX}")
    return told


_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def amount(value: str) -> Decimal:
    """Return a decimal amount written with a point and without thousands marks."""
    value = value.strip()
    if len(value) > AMOUNT_DIGITS_MAX or _AMOUNT.fullmatch(value) is None:
        raise BadValue(f"{shown(value)} is no amount; amounts are written like -1234.56")
    try:
        parsed = Decimal(value)
    except InvalidOperation:
        raise BadValue(f"{shown(value)} is no amount") from None
    if value[:1] == "-" and not parsed:
        return Decimal(0)
    return parsed


_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


def boolean(value: str) -> bool:
    """Return a yes or no."""
    lowered = value.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise BadValue(f"{shown(value)} is neither true nor false")


@lru_cache(maxsize=4_096)
def currency(value: str) -> str:
    """Return a currency's code, as the ERP writes it (CMP-08)."""
    code = value.strip()
    if not is_currency(code):
        raise BadValue(f"{shown(code)} is no currency")
    return code


def time_zone(value: str) -> str:
    """Return the name of an IANA time zone."""
    name = value.strip()
    if not is_time_zone(name):
        raise BadValue(f"{shown(name)} is no time zone")
    return name


def shown(value: str) -> str:
    """Return a text as messages show it."""
    return repr(value if len(value) <= 40 else value[:40] + "…")  # noqa: PLR2004


def _texts(values: list[str]) -> list[str | None]:
    if max(map(len, values)) > TEXT_CHARACTERS_MAX:
        raise BadValue("is too long")
    return _stripped(values, "".join(values))


def _key_texts(values: list[str]) -> list[str | None]:
    joined = "".join(values)
    if max(map(len, values)) > KEY_CHARACTERS_MAX or not joined.isprintable():
        raise BadValue("is no key")
    return _stripped(values, joined)


def _stripped(values: list[str], joined: str) -> list[str | None]:
    if " " not in joined and joined.isprintable():  # no other space is printable
        return [told or None for told in values]
    return [told.strip() or None for told in values]


def _iso_dates(values: list[str]) -> list[date | None]:
    return list(map(_iso_date_or_none, values))


@lru_cache(maxsize=65_536)
def _iso_date_or_none(value: str) -> date | None:
    return iso_date(value) if value else None


_OF_AMOUNTS = b"0123456789.-"
"""What amounts are written with, but for spaces and pluses, which few have."""


def _amounts(values: list[str]) -> list[Decimal | None]:
    joined = "".join(values)
    if (
        joined.isascii()
        and not joined.encode().translate(None, _OF_AMOUNTS)
        and "-0" not in joined
        and max(map(len, values)) <= AMOUNT_DIGITS_MAX
    ):
        with suppress(InvalidOperation):
            return [Decimal(told) if told else None for told in values]
    return [amount(told) if told else None for told in values]


_PARSERS_OF_MANY: dict[Callable[[str], Any], Callable[[list[str]], list[Any]]] = {
    text: _texts,
    key_text: _key_texts,
    iso_date: _iso_dates,
    amount: _amounts,
}


def _columns(**parsers: Callable[[str], Any]) -> tuple[Column, ...]:
    return tuple(Column(name, parse) for name, parse in parsers.items())


_UDFS = _columns(udf1=text, udf2=text, udf3=text, udf4=text, udf5=text)


def _keys(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, key_text, required=True) for name in names)


COMPANIES = Kind(
    "companies",
    ("company_id",),
    (
        *_keys("company_id"),
        Column("home_currency", currency, required=True),
        *_columns(name=text, time_zone=time_zone),
    ),
)

CUSTOMERS = Kind(
    "customers",
    ("company_id", "cust_id"),
    (
        *_keys("company_id", "cust_id"),
        *_columns(
            cust_name=text,
            cust_class_id=text,
            cust_status=text,
            credit_limit=amount,
            credit_hold=boolean,
            parent_id=key_text,
            pmt_terms_id=text,
            sper_id=text,
            sper_name=text,
            date_estab=iso_date,
            addr_line1=text,
            addr_line2=text,
            addr_line3=text,
            addr_line4=text,
            addr_line5=text,
            city=text,
            state=text,
            postal_code=text,
            country=text,
            reference=text,
            credit_score=text,
            sales_territory=text,
        ),
        *_UDFS,
    ),
)

CONTACTS = Kind(
    "contacts",
    ("company_id", "cust_id", "cntct_id"),
    (
        *_keys("company_id", "cust_id", "cntct_id"),
        *_columns(
            cntct_name=text,
            cntct_title=text,
            cntct_email_addr=text,
            cntct_primary_addr_phone=text,
            cntct_primary_addr_fax=text,
            cntct_addr_line1=text,
            cntct_addr_line2=text,
            cntct_city=text,
            cntct_state=text,
            cntct_postal_code=text,
            cntct_country=text,
            cntct_comment=text,
            primary=boolean,
            include_in_automated_email=boolean,
        ),
        *_UDFS,
    ),
)

SALES_PERSONS = Kind(
    "sales_persons",
    ("company_id", "sper_id"),
    (*_keys("company_id", "sper_id"), *_columns(sper_name=text), *_UDFS),
)

SALES_ORDERS = Kind(
    "sales_orders",
    ("company_id", "order_id"),
    (
        *_keys("company_id", "order_id", "cust_id"),
        Column("order_date", iso_date, required=True),
        *_columns(amount=amount, curr_id=currency, status=text, cust_po_no=text),
        *_UDFS,
    ),
)

INVOICES = Kind(
    "invoices",
    ("company_id", "tran_id"),
    (
        *_keys("company_id", "tran_id", "cust_id"),
        Column("tran_date", iso_date, required=True),
        Column("amount", amount, required=True),
        *_columns(
            type=text,
            due_date=iso_date,
            post_date=iso_date,
            balance=amount,
            curr_id=currency,
            amount_hc=amount,
            balance_hc=amount,
            status=text,
            closing_tran_date=iso_date,
            cust_po_no=text,
            sold_to_id=key_text,
            disc_amt=amount,
            invoice_cmnt=text,
            comment=text,
            pmt_terms_id=text,
            statistical_pmt_date=iso_date,
            project_code=text,
            job_code=text,
            sper_id=text,
        ),
        *_UDFS,
    ),
)

PAYMENTS = Kind(
    "payments",
    ("company_id", "payment_id"),
    (
        *_keys("company_id", "payment_id", "cust_id"),
        Column("pmt_date", iso_date, required=True),
        Column("amount", amount, required=True),
        *_columns(
            curr_id=currency,
            amount_hc=amount,
            post_date=iso_date,
            tender_type=text,
            tran_type=text,
            reference=text,
            unapplied_amt=amount,
            unapplied_amt_hc=amount,
            comment=text,
        ),
        *_UDFS,
    ),
)

PAYMENT_APPLICATIONS = Kind(
    "payment_applications",
    ("company_id", "payment_id", "tran_id"),
    (
        *_keys("company_id", "payment_id", "tran_id"),
        Column("amount", amount, required=True),
        Column("applied_date", iso_date, required=True),
        *_UDFS,
    ),
)

INVOICE_LINES = Kind(
    "invoice_lines",
    ("company_id", "tran_id", "line_no"),
    (
        *_keys("company_id", "tran_id", "line_no"),
        *_columns(item=text, description=text, quantity=amount, amount=amount),
        *_UDFS,
    ),
)

KINDS = (
    COMPANIES,
    CUSTOMERS,
    CONTACTS,
    SALES_PERSONS,
    SALES_ORDERS,
    PAYMENTS,
    PAYMENT_APPLICATIONS,
    INVOICES,
    INVOICE_LINES,
)
"""The files of the contract, in the order in which a sync reads them."""


class Parser:
    """Turns the fields of a file's records into values by column, as its header orders them."""

    def __init__(self, kind: Kind, header: Sequence[str]) -> None:
        """Bind the columns of `kind` to places in the header; other columns are ignored."""
        places = {name: place for place, name in enumerate(header)}
        self.kind = kind
        self.missing = [one.name for one in kind.columns if one.required and one.name not in places]
        self.unknown = [
            name for name in header if name and name not in {one.name for one in kind.columns}
        ]
        self.names = tuple(one.name for one in kind.columns)
        self._columns = [
            (places[one.name], number, one)
            for number, one in enumerate(kind.columns)
            if one.name in places
        ]
        self.key_places = tuple(places.get(name, -1) for name in kind.key)

    def parse_all(self, records: Sequence[Sequence[str]]) -> list[Sequence[Any] | BadRow]:
        """Return the values of many records as `parse` does, or what is bad about a record."""
        if not records:
            return []
        columns: list[Sequence[Any]] = [[None] * len(records)] * len(self.names)
        by_place = list(zip(*records, strict=True))
        try:
            for place, number, column in self._columns:
                columns[number] = column.parse_all(list(by_place[place]))
        except BadValue:
            return [self._parsed_or_bad(fields) for fields in records]
        return list(zip(*columns, strict=True))

    def _parsed_or_bad(self, fields: Sequence[str]) -> "list[Any] | BadRow":
        try:
            return self.parse(fields)
        except BadRow as bad:
            return bad

    def parse(self, fields: Sequence[str]) -> list[Any]:
        """Return the values in the order of the kind's columns, None for unknown.

        Raises:
            BadRow: for the first column whose text is no value of its type.
        """
        values: list[Any] = [None] * len(self.names)
        for place, number, column in self._columns:
            told = fields[place]
            if told:
                try:
                    value = column.parse(told)
                except BadValue as bad:
                    raise BadRow(column.name, f"{column.name} {bad}.") from None
                if value != "":
                    values[number] = value
                    continue
            if column.required:
                raise BadRow(column.name, f"{column.name} is missing.")
        return values
