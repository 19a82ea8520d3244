"""A realistic sample ledger of any size, written as a CSV folder from a seed.

`write_sample_ledger` invents some years of receivables; `write_next_export` invents what the ERP
delivers on a later day. No row is copied from anywhere: the figures below were measured once on
two sources, and only these figures are used.

IBM "Late Payment Histories" (2,466 invoices of 100 customers, all on 30-day terms, all settled):

- days from due date to settlement: mean -3.6, standard deviation 12.3; 35.6 % settled late, then
  9.7 days on average. Most of the spread lies between customers, so the customers were cut into
  habits: the tenth that scatters most is *erratic*, the others are *early* (mean below -10 days),
  *on time* (to -2), *slightly late* (to +5) and *very late*. `HABITS` holds each one's share of
  the customers, mean, spread of its customers' means, spread inside a customer, share disputed;
- a disputed invoice (22.7 %) settles 14.3 days later than the same customer's others;
- amounts are 5 to 128, near normal. Their spread inside a customer (25 % of the mean) and their
  floor (9 % of the mean) are kept; the level is not: a customer's typical amount is drawn from a
  lognormal distribution of B2B size, which is our choice.

Italian road traffic fines (10,000 cases). Its column `paymentamount` is ten times too high, so
payments were measured as differences of `totalpaymentamount`:

- 53.7 % of the cases were never paid, and payments after day 60 waited about lognormally, median
  280 days. Fines are no B2B invoices, so this is only how the habit *seldom pays* treats its
  invoices; that 5 % of our customers have that habit is our choice, made so that about a tenth
  of two years' invoices is open;
- of the paid cases 5.9 % needed two payments and 0.11 % three (a fourth is extrapolated); the
  first was 58 % of the total, the next followed about lognormally, median 52 days;
- 5.9 % of the paid cases stayed short, at 60 % of the debt on average. Here this befalls disputed
  invoices.

Everything else (currencies, terms, credit memos, family ties, texts) is plausible and invented.
A credit memo is used up by a payment: it is applied to it with a negative amount, beside invoices.
"""

import csv
import math
from calendar import monthrange
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto
from functools import cache
from io import StringIO
from itertools import pairwise, repeat
from pathlib import Path
from typing import Final, NamedTuple, TextIO, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
T = TypeVar("T")


class Habit(NamedTuple):
    """How a kind of customer pays, in days after the due date."""

    share: float
    mean: float
    spread_of_means: float
    spread: float
    disputed: float


# Measured on the IBM ledger; the spread is what remains once disputes are explained.
HABITS: Final = {
    "early": Habit(0.29, -15.8, 4.9, 4.8, 0.147),
    "on time": Habit(0.27, -5.4, 2.0, 5.7, 0.147),
    "slightly late": Habit(0.16, 1.8, 1.6, 6.2, 0.318),
    "very late": Habit(0.18, 9.1, 3.1, 6.7, 0.304),
    "erratic": Habit(0.10, 5.7, 7.6, 7.1, 0.393),
}
MEASURED_LATE_SHARE: Final = 0.356
MEASURED_TERMS_DAYS: Final = 30
DISPUTE_DELAY_DAYS: Final = 14.3
AMOUNT_SPREAD: Final = 0.252
AMOUNT_FLOOR: Final = 0.088

# Measured on the fines.
NEVER_PAID_SHARE: Final = 0.537
LONG_WAIT_LOG_MEAN: Final = 5.63
LONG_WAIT_LOG_SPREAD: Final = 0.57
PARTS_SHARES: Final = (0.9395, 0.0592, 0.0011, 0.0002)  # One to four payments.
FIRST_PART_MEAN: Final = 0.585
FIRST_PART_SPREAD: Final = 0.086
PART_GAP_LOG_MEAN: Final = 3.95
PART_GAP_LOG_SPREAD: Final = 0.89
PART_GAP_DAYS_MIN: Final = 15  # Two weeks and a day, so that payment runs keep the parts apart.
SHORT_SHARE: Final = 0.0586
SHORT_PART_MEAN: Final = 0.60
SHORT_PART_SPREAD: Final = 0.127

# Chosen.
ORDERS: Final = (100_000, 1_000_000)
REFERENCES: Final = (100_000, 10_000_000)
SELDOM_PAYS_SHARE: Final = 0.05
AMOUNT_LOG_MEAN: Final = math.log(1500.0)
AMOUNT_LOG_SPREAD: Final = 1.0
AMOUNT_MIN: Final = 25.0  # USD, a customer's typical invoice.
INVOICES_PER_CUSTOMER: Final = 25
CUSTOMERS_PER_COMPANY_MIN: Final = 2
ZIPF_OFFSET: Final = 6.0
CHILD_SHARE: Final = 0.08
BILLED_TO_PARENT_SHARE: Final = 0.5
NEW_CUSTOMER_SHARE: Final = 0.08
NEW_CUSTOMER_WITHIN: Final = 0.9  # Of the history, so that the last ones have some invoices.
FOREIGN_CUSTOMER_SHARE: Final = 0.15
FOREIGN_INVOICE_SHARE: Final = 0.8  # Of a foreign customer's invoices.
PAYMENT_RUN_SHARE: Final = 0.4
CREDIT_MEMO_SHARE: Final = 0.02
FUTURE_SHARE: Final = 0.005
FUTURE_DAYS_MAX: Final = 90
BOOKED_AHEAD_DAYS_MAX: Final = 14
PO_MISSING_SHARE: Final = 0.15
SPECIAL_TERMS_SHARE: Final = 0.04
DISCOUNT_CUSTOMER_SHARE: Final = 0.1
DISCOUNT_PERCENT: Final = 2
DISPUTE_COMMENT_SHARE: Final = 0.25
COMMENT_SHARE: Final = 0.03
PROJECT_SHARE: Final = 0.3
POSTED_LATER_SHARE: Final = 0.05
POST_DATE_MISSING_SHARE: Final = 0.03
APPLIED_LATER_SHARE: Final = 0.05
APPLIED_LATER_DAYS_MAX: Final = 4
UNAPPLIED_SHARE: Final = 0.02
CONTACT_SHARES: Final = (0.5, 0.35, 0.15)  # One to three contacts.
TERMS: Final = ("NET10", "NET30", "NET45", "NET60")
TERMS_DAYS: Final = (10, 30, 45, 60)
TERMS_SHARES: Final = (0.15, 0.5, 0.2, 0.15)
STATUSES: Final = ("Active", "Inactive", "Out of Business")
STATUS_SHARES: Final = (0.965, 0.03, 0.005)

BLOCK_INVOICES: Final = 16_384
CHUNK_CUSTOMERS: Final = 4_096
DRAWS_PER_CUSTOMER: Final = 16
CALENDAR_LEAD_DAYS: Final = 7
CALENDAR_TAIL_DAYS: Final = FUTURE_DAYS_MAX + max(TERMS_DAYS) + 30
GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
FRIDAY: Final = 4
SATURDAY: Final = 5
SUNDAY: Final = 6
WEEK: Final = 7

CURRENCIES: Final = ("USD", "EUR", "GBP", "CAD", "AUD", "JPY")
YEN: Final = CURRENCIES.index("JPY")
USD_VALUES: Final = (1.0, 1.08, 1.27, 0.73, 0.66, 0.0067)
RATE_SWING: Final = 0.04
RATE_YEAR_DAYS: Final = 365.0
RATE_SCALE: Final = 1_000_000
MINOR: Final = 100

COLUMNS: Final = {
    "companies": "company_id,name,home_currency,time_zone",
    "customers": (
        "company_id,cust_id,cust_name,cust_class_id,cust_status,credit_limit,credit_hold,parent_id,"
        "pmt_terms_id,sper_id,sper_name,date_estab,addr_line1,addr_line2,city,state,postal_code,"
        "country,reference,credit_score,sales_territory,udf1,udf2"
    ),
    "contacts": (
        "company_id,cust_id,cntct_id,cntct_name,cntct_title,cntct_email_addr,"
        "cntct_primary_addr_phone,primary,include_in_automated_email"
    ),
    "invoices": (
        "company_id,tran_id,cust_id,type,tran_date,due_date,post_date,amount,balance,curr_id,"
        "amount_hc,balance_hc,status,closing_tran_date,cust_po_no,sold_to_id,disc_amt,invoice_cmnt,"
        "pmt_terms_id,udf1,udf2"
    ),
    "payments": (
        "company_id,payment_id,cust_id,pmt_date,amount,curr_id,tender_type,tran_type,reference,"
        "unapplied_amt,comment"
    ),
    "payment_applications": "company_id,payment_id,tran_id,amount,applied_date",
}


class LedgerSummary(msgspec.Struct, frozen=True):
    """Rows written, per file."""

    companies: int
    customers: int
    contacts: int
    invoices: int
    payments: int
    payment_applications: int


class Site(msgspec.Struct, frozen=True):
    """One selling company and its share of the invoices."""

    company_id: str
    name: str
    home_currency: str
    time_zone: str
    share: float
    cust_id: str
    territories: tuple[str, ...]


# fmt: off
SITES: Final = (
    Site("US10", "Northwind Controls, Inc.", "USD", "America/Chicago", 0.40, "C{:05d}",
         ("East", "Central", "West")),
    Site("DE20", "Nordwind Regeltechnik GmbH", "EUR", "Europe/Berlin", 0.22, "{:07d}",
         ("Nord", "Süd", "Österreich & Schweiz")),
    Site("GB30", "Northwind Controls Ltd", "GBP", "Europe/London", 0.16, "{:06d}",
         ("South", "Midlands", "North")),
    Site("CA40", "Contrôles Northwind Ltée", "CAD", "America/Toronto", 0.12, "NW{:05d}",
         ("Québec", "Ontario", "Prairies")),
    Site("AU50", "Northwind Controls Pty Ltd", "AUD", "Australia/Sydney", 0.10, "{:05d}A",
         ("NSW", "VIC", "QLD")),
)
# fmt: on
FIRST_CUST_NUMBER: Final = 10_001


class Country(msgspec.Struct, frozen=True):
    """What an address of a country looks like; the phone numbers are kept free for fiction."""

    code: str
    cities: tuple[tuple[str, str, str], ...]
    streets: tuple[str, ...]
    street: str
    legal_forms: tuple[str, ...]
    phone: str


COUNTRIES: Final = {
    "USD": Country(
        "US",
        (("Chicago", "IL", "60601"), ("Dallas", "TX", "75201"), ("Portland", "OR", "97201")),
        ("Main Street", "Oak Avenue", "Harbor Road", "Industrial Parkway"),
        "{number} {street}",
        ("Inc.", "LLC", "Corp.", "Co."),
        "+1 202-555-01{:02d}",
    ),
    "EUR": Country(
        "DE",
        (("München", "BY", "80331"), ("Köln", "NW", "50667"), ("Görlitz", "SN", "02826")),
        ("Hauptstraße", "Gärtnerweg", "Am Güterbahnhof", "Mühlenallee"),
        "{street} {number}",
        ("GmbH", "AG", "KG", "Söhne & Co. KG"),
        "+49 30 231250{:02d}",
    ),
    "GBP": Country(
        "GB",
        (
            ("Leeds", "West Yorkshire", "LS1 4AP"),
            ("Cardiff", "", "CF10 1EP"),
            ("Ely", "", "CB7 4LS"),
        ),
        ("High Street", "Mill Lane", "Station Road", "Quay Side"),
        "{number} {street}",
        ("Ltd", "plc", "& Sons Ltd", "LLP"),
        "+44 20 7946 00{:02d}",
    ),
    "CAD": Country(
        "CA",
        (("Montréal", "QC", "H2Y 1C6"), ("Toronto", "ON", "M5H 2N2"), ("Régina", "SK", "S4P 3Y2")),
        ("rue Saint-Étienne", "King Street West", "chemin du Lac", "Portage Avenue"),
        "{number} {street}",
        ("Inc.", "Ltée", "Ltd.", "et Fils Inc."),
        "+1 613-555-01{:02d}",
    ),
    "AUD": Country(
        "AU",
        (("Sydney", "NSW", "2000"), ("Geelong", "VIC", "3220"), ("Cairns", "QLD", "4870")),
        ("George Street", "Wharf Road", "Banksia Crescent", "Pacific Highway"),
        "{number} {street}",
        ("Pty Ltd", "Ltd", "Partners", "Co-operative Ltd"),
        "+61 2 5550 00{:02d}",
    ),
    "JPY": Country(
        "JP",
        (
            ("東京", "東京都", "100-0005"),
            ("大阪", "大阪府", "530-0001"),
            ("札幌", "北海道", "060-0001"),
        ),
        ("丸の内", "梅田", "北一条西", "Chūō-dōri"),
        "{street} {number}",
        ("株式会社", "K.K.", "合同会社", "Co., Ltd."),
        "+81 3-5555-01{:02d}",
    ),
}

# fmt: off
FIRST_WORDS: Final = (
    "Alder", "Bright", "Café", "Delta", "Évora", "Fjord", "Granite", "Höhen", "Iron", "Jade",
    "Kestrel", "Lumière", "Maple", "Nørre", "Orion", "Piñon", "Quartz", "River", "Señal", "Tundra",
    "Über", "Vega", "Willow", "Zenith",
)
SECOND_WORDS: Final = (
    "Bearings", "Castings", "Cooling", "Dairy", "Electric", "Fabrication", "Foods", "Freight",
    "Glass", "Hydraulics", "Instruments", "Joinery", "Labs", "Logistics", "Machining", "Mills",
    "Optics", "Packaging", "Plastics", "Printing", "Robotics", "Sensors", "Supply", "Tools",
)
INDUSTRIES: Final = ("Manufacturing", "Wholesale", "Food", "Transport", "Energy", "Public sector")
TITLES: Final = ("Accounts Payable", "Controller", "CFO", "Buchhaltung", "Comptabilité", "Owner")
SCORES: Final = ("A1", "A2", "B1", "B2", "C1", "D", "")

# Given names and family names of one script, each with its form in an e-mail address.
Spelled = tuple[tuple[str, str], ...]
LATIN_NAMES: Final[tuple[Spelled, Spelled]] = (
    (
        ("José", "jose"), ("Zoë", "zoe"), ("Łukasz", "lukasz"), ("Søren", "soren"),
        ("Chloé", "chloe"), ("Grace", "grace"), ("Jürgen", "juergen"), ("Siân", "sian"),
        ("Begoña", "begona"), ("Đorđe", "djordje"), ("Tomáš", "tomas"), ("Amara", "amara"),
    ),
    (
        ("García", "garcia"), ("Müller", "mueller"), ("O'Neill", "oneill"), ("Nowak", "nowak"),
        ("Ångström", "angstrom"), ("Lefèvre", "lefevre"), ("Okafor", "okafor"),
        ("Nguyễn", "nguyen"), ("Çelik", "celik"), ("Dvořák", "dvorak"), ("Smith", "smith"),
    ),
)
OTHER_NAMES: Final[tuple[tuple[Spelled, Spelled], ...]] = (
    (
        (("Ελένη", "eleni"), ("Γιώργος", "giorgos")),
        (("Παπαδάκης", "papadakis"), ("Νικολάου", "nikolaou")),
    ),
    (
        (("Ольга", "olha"), ("Дмитро", "dmytro")),
        (("Шевченко", "shevchenko"), ("Коваленко", "kovalenko")),
    ),
    ((("陽子", "yoko"), ("健", "ken")), (("佐藤", "sato"), ("鈴木", "suzuki"))),
    ((("ليلى", "layla"), ("عمر", "omar")), (("حداد", "haddad"), ("منصور", "mansour"))),
    ((("अनन्या", "ananya"), ("रोहन", "rohan")), (("शर्मा", "sharma"), ("मेहता", "mehta"))),
)
# fmt: on
OTHER_NAMES_EVERY: Final = 6  # One name in six is written in another script.
MAIL_DOMAINS: Final = ("example.com", "example.org", "example.net")
SALES_PEOPLE: Final = (
    "Aoife Byrne",
    "Émile Roux",
    "Hana Sato",
    "Ivo Ħabib",
    "Mia Köhler",
    "Raj Iyer",
)

NO_COMMENT: Final = ""
DISPUTE_COMMENTS: Final = (
    "Customer disputes price, see e-mail",
    "Short delivery claimed: 2 of 12 missing",
    'Rejected: "wrong PO number"',
    "Goods damaged in transit, photos received",
    "Réclamation en cours",
)
CREDIT_COMMENTS: Final = ("Credit for returned goods", "Price adjustment", "Goodwill credit")
PLAIN_COMMENTS: Final = ("Partial delivery", "Ship to site B", "Lieferung frei Haus", "Consignment")
MOVE_COMMENT: Final = "Billed to the wrong account, under review"
FUTURE_COMMENT: Final = "Subscription, billed in advance"
PAYMENT_COMMENTS: Final = ("Remittance advice missing", "Paid on account")
TENDERS: Final = (
    ("Check", "Lockbox"),
    ("ACH", "Bank transfer"),
    ("ACH", "Wire"),
    ("Credit Card", "Card"),
    ("Other", "Cash"),
)
TENDER_SHARES: Final = (0.25, 0.4, 0.2, 0.13, 0.02)
DOCUMENT_PREFIXES: Final = ("IN", "CM", "SB")
INVOICE, CREDIT, FUTURE = range(3)


def write_sample_ledger(
    folder: Path, *, invoices: int = 5_000, seed: int = 1, last_date: date, months: int = 24
) -> LedgerSummary:
    """Write a ledger of `invoices` documents, as the ERP knows it at the end of `last_date`.

    Args:
        folder: where the six files go; made if missing, files of the same names are replaced.
        invoices: documents to write, credit memos among them.
        seed: the same arguments give the same bytes.
        last_date: no payment is dated later; some documents are, and are booked ahead.
        months: length of the history.
    """
    if invoices < 0 or months < 1:
        raise ValueError("A ledger has no fewer than 0 invoices and 1 month.")
    folder.mkdir(parents=True, exist_ok=True)
    first_date = _months_before(last_date, months)
    counts = _split(invoices, [site.share for site in SITES])
    with ExitStack() as stack:
        sink = _Sink(stack, folder)
        for number, (site, count) in enumerate(zip(SITES, counts, strict=True)):
            rng = np.random.default_rng([seed, number])
            sink.rows("companies", [_company_row(site)], 1)
            calendar = _Calendar(site, first_date, last_date)
            accounts = _draw_accounts(rng, site, calendar, count)
            _write_customers(rng, sink, site, accounts, calendar)
            _write_documents(rng, sink, site, accounts, calendar)
        return sink.summary()


class _Sink:
    """The six files while they are written."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._files: dict[str, TextIO] = {}
        self._counts = dict.fromkeys(COLUMNS, 0)
        for name, header in COLUMNS.items():
            path = folder / f"{name}.csv"
            file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            file.write(header + "\n")
            self._files[name] = file

    def rows(self, name: str, lines: Iterable[str], count: int) -> None:
        """Write finished lines."""
        self._files[name].writelines(lines)
        self._counts[name] += count

    def columns(self, name: str, *columns: Iterable[str]) -> None:
        """Write columns of texts that need no quotes any more."""
        lines = list(map(",".join, zip(*columns, strict=True)))
        if lines:
            self.rows(name, ("\n".join(lines), "\n"), len(lines))

    def summary(self) -> LedgerSummary:
        return LedgerSummary(**self._counts)


class _Calendar:
    """Days of the history counted from its start, with their texts and exchange rates."""

    def __init__(self, site: Site, first: date, last: date) -> None:
        self.start = first.toordinal() - CALENDAR_LEAD_DAYS
        self.first = CALENDAR_LEAD_DAYS
        self.last = last.toordinal() - self.start
        days = [date.fromordinal(self.start + i) for i in range(self.last + CALENDAR_TAIL_DAYS)]
        self.iso = _texts([day.isoformat() for day in days])
        self.closed = _texts([f"closed,{day.isoformat()}" for day in days])
        stamps = [day.strftime("%y%m%d-") for day in days]
        self.document_ids = tuple(
            _texts([prefix + stamp for stamp in stamps]) for prefix in DOCUMENT_PREFIXES
        )
        self.payment_ids = _texts(["PM" + stamp for stamp in stamps])
        self.rates = np.array(
            [[_booked_rate(code, site.home_currency, day) for day in days] for code in CURRENCIES],
            dtype=np.int64,
        )
        self.document_numbers = np.zeros(len(days), dtype=np.int64)
        self.payment_numbers = np.zeros(len(days), dtype=np.int64)

    def weekday(self, days: Ints) -> Ints:
        """Monday is zero."""
        return (days + self.start + SUNDAY) % WEEK


class _Accounts(msgspec.Struct, frozen=True):
    """The customers of one company, a column an array."""

    ids: Texts
    invoices: Ints
    parent: Ints
    billed_to: Ints
    seldom_pays: Flags
    mean: Floats
    spread: Floats
    disputed: Floats
    typical_amount: Floats
    currency: Ints
    terms: Ints
    discount: Flags
    run_weekday: Ints  # Below zero: pays whenever.
    status: Ints
    first_day: Ints
    last_day: Ints


def _draw_accounts(
    rng: np.random.Generator, site: Site, calendar: _Calendar, invoices: int
) -> _Accounts:
    count = max(CUSTOMERS_PER_COMPANY_MIN, round(invoices / INVOICES_PER_CUSTOMER))
    rank = rng.permutation(count)
    weights = 1.0 / (rank + ZIPF_OFFSET)
    # Walking down the ranks in golden steps spreads the habits evenly over large and small.
    luck = (rng.random() + rank * GOLDEN) % 1.0
    paying = np.array([habit.share for habit in HABITS.values()])
    habit = np.minimum(
        np.searchsorted(np.cumsum(paying * (1.0 - SELDOM_PAYS_SHARE)), luck, side="right"),
        len(HABITS) - 1,
    )
    habits = np.array(list(HABITS.values()))[habit]
    index = np.arange(count)
    child = rng.random(count) < CHILD_SHARE
    child[0] = False
    parent = np.where(child, np.maximum.accumulate(np.where(child, 0, index)), -1)
    billed_to = np.where(child & (rng.random(count) < BILLED_TO_PARENT_SHARE), parent, index)
    home = CURRENCIES.index(site.home_currency)
    abroad = (home + rng.integers(1, len(CURRENCIES), count)) % len(CURRENCIES)
    status = rng.choice(len(STATUSES), count, p=STATUS_SHARES)
    span = calendar.last - calendar.first
    is_new = rng.random(count) < NEW_CUSTOMER_SHARE
    first_day = calendar.first + np.where(
        is_new, rng.integers(0, int(span * NEW_CUSTOMER_WITHIN) + 1, count), 0
    )
    return _Accounts(
        ids=_texts([site.cust_id.format(FIRST_CUST_NUMBER + i) for i in range(count)]),
        invoices=rng.multinomial(invoices, weights / weights.sum()),
        parent=parent,
        billed_to=billed_to,
        seldom_pays=luck >= 1.0 - SELDOM_PAYS_SHARE,
        mean=habits[:, 1] + habits[:, 2] * rng.standard_normal(count),
        spread=habits[:, 3],
        disputed=habits[:, 4],
        typical_amount=rng.lognormal(AMOUNT_LOG_MEAN, AMOUNT_LOG_SPREAD, count).clip(AMOUNT_MIN),
        currency=np.where(rng.random(count) < FOREIGN_CUSTOMER_SHARE, abroad, home),
        terms=rng.choice(len(TERMS), count, p=TERMS_SHARES),
        discount=rng.random(count) < DISCOUNT_CUSTOMER_SHARE,
        run_weekday=np.where(
            rng.random(count) < PAYMENT_RUN_SHARE, rng.integers(0, SATURDAY, count), -1
        ),
        status=status,
        first_day=first_day,
        last_day=np.where(status > 0, first_day + (calendar.last - first_day) // 2, calendar.last),
    )


def _company_row(site: Site) -> str:
    return _line([site.company_id, site.name, site.home_currency, site.time_zone])


def _write_customers(
    rng: np.random.Generator, sink: _Sink, site: Site, accounts: _Accounts, calendar: _Calendar
) -> None:
    ids: list[str] = accounts.ids.tolist()
    count = len(ids)
    large = np.quantile(accounts.invoices, 0.95)
    for start in range(0, count, CHUNK_CUSTOMERS):
        part = range(start, min(start + CHUNK_CUSTOMERS, count))
        draws: list[list[int]] = rng.integers(0, 2**31, (len(part), DRAWS_PER_CUSTOMER)).tolist()
        contacts: list[int] = rng.choice(len(CONTACT_SHARES), len(part), p=CONTACT_SHARES).tolist()
        sink.rows(
            "customers",
            (
                _customer_row(site, accounts, ids, i, draw, calendar, large)
                for i, draw in zip(part, draws, strict=True)
            ),
            len(part),
        )
        sink.rows(
            "contacts",
            (
                _contact_row(site, accounts, i, draw, n)
                for i, draw, last in zip(part, draws, contacts, strict=True)
                for n in range(last + 1)
            ),
            sum(contacts) + len(contacts),
        )


def _customer_row(
    site: Site,
    accounts: _Accounts,
    ids: list[str],
    i: int,
    draw: list[int],
    calendar: _Calendar,
    large: float,
) -> str:
    country = COUNTRIES[CURRENCIES[accounts.currency[i]]]
    city, state, postal_code = _pick(country.cities, draw[0])
    invoices = int(accounts.invoices[i])
    started = int(accounts.first_day[i])
    is_new = started > calendar.first
    known_for = draw[1] % 20 if is_new else draw[1] % 4_000
    slow = bool(accounts.seldom_pays[i]) or accounts.mean[i] > HABITS["very late"].mean
    class_id = "KEY" if invoices > large else "NEW" if is_new else "STD"
    limit = math.ceil(accounts.typical_amount[i] * max(invoices, 4) / 4_000) * 1_000
    name = f"{_pick(FIRST_WORDS, draw[2])} {_pick(SECOND_WORDS, draw[3])}"
    comma = "," if draw[4] % 5 == 0 else ""
    parent = int(accounts.parent[i])
    return _line(
        [
            site.company_id,
            ids[i],
            f"{name}{comma} {_pick(country.legal_forms, draw[4])}",
            class_id,
            STATUSES[accounts.status[i]],
            f"{limit}.00",
            _flag(draw[5] % 100 < (25 if slow else 1)),
            ids[parent] if parent >= 0 else "",
            TERMS[accounts.terms[i]],
            f"S{draw[6] % len(SALES_PEOPLE) + 1:02d}",
            _pick(SALES_PEOPLE, draw[6]),
            date.fromordinal(calendar.start + started - known_for - 1).isoformat(),
            country.street.format(street=_pick(country.streets, draw[7]), number=draw[8] % 240 + 1),
            f"Unit {draw[9] % 40 + 1}" if draw[9] % 5 == 0 else "",
            city,
            state,
            postal_code,
            country.code,
            {"KEY": "Key account", "NEW": "New customer"}.get(class_id, ""),
            _pick(SCORES, draw[10]),
            _pick(site.territories, draw[11]),
            "PO required" if draw[12] % 5 == 0 else "",
            _pick(INDUSTRIES, draw[13]),
        ]
    )


def _contact_row(site: Site, accounts: _Accounts, i: int, draw: list[int], n: int) -> str:
    pick = draw[14] + n * 7
    script = (
        OTHER_NAMES[pick % len(OTHER_NAMES)] if draw[15] % OTHER_NAMES_EVERY == 0 else LATIN_NAMES
    )
    given, mail_given = _pick(script[0], pick // 5)
    family, mail_family = _pick(script[1], pick // 5 + n)
    place = f"{site.company_id}-{accounts.ids[i]}".lower()
    mail = f"{mail_given}.{mail_family}.{place}-{n + 1}@{_pick(MAIL_DOMAINS, draw[15])}"
    phone = COUNTRIES[CURRENCIES[accounts.currency[i]]].phone.format((draw[13] + n) % 100)
    return _line(
        [
            site.company_id,
            accounts.ids[i],
            str(n + 1),
            f"{given} {family}",
            _pick(TITLES, draw[12] + n),
            mail,
            phone,
            _flag(n == 0),
            _flag(n == 0 or draw[14] % 3 == 0),
        ]
    )


class _Documents(msgspec.Struct, frozen=True):
    """A block of invoices and credit memos in order of their dates, a column an array."""

    sold_to: Ints
    account: Ints
    kind: Ints
    day: Ints
    posted: Ints  # Below zero: not delivered.
    due: Ints
    terms: Ints
    currency: Ints
    amount: Ints  # In the currency's smallest unit.
    disputed: Flags
    ids: list[str]

    @property
    def floor(self) -> Ints:
        """The first day on which a document may be paid."""
        return np.where(self.posted < 0, self.day, self.posted)


class _Applications(msgspec.Struct, frozen=True):
    """What payments of a block were applied to, in order of the payments."""

    document: Ints
    payment: Ints
    amount: Ints


class _Payments(msgspec.Struct, frozen=True):
    """The payments of a block in order of their dates."""

    account: Ints
    currency: Ints
    day: Ints
    applied_day: Ints
    applied: Ints
    unapplied: Ints
    ids: list[str]


def _write_documents(
    rng: np.random.Generator, sink: _Sink, site: Site, accounts: _Accounts, calendar: _Calendar
) -> None:
    ends = np.cumsum(accounts.invoices)
    total = int(ends[-1])
    for start in range(0, total, BLOCK_INVOICES):
        numbers = np.arange(start, min(start + BLOCK_INVOICES, total))
        sold_to = np.searchsorted(ends, numbers, side="right")
        documents = _draw_documents(rng, site, accounts, calendar, sold_to)
        payments, applications = _draw_payments(rng, accounts, calendar, documents)
        _write_invoices(rng, sink, site, accounts, calendar, documents, payments, applications)
        _write_payments(rng, sink, site, accounts, calendar, documents, payments, applications)


def _draw_documents(
    rng: np.random.Generator, site: Site, accounts: _Accounts, calendar: _Calendar, sold_to: Ints
) -> _Documents:
    count = len(sold_to)
    first = accounts.first_day[sold_to]
    day = first + (rng.random(count) * (accounts.last_day[sold_to] - first + 1)).astype(np.int64)
    day -= np.maximum(calendar.weekday(day) - FRIDAY, 0)
    luck = rng.random(count)
    kind = np.where(luck < CREDIT_MEMO_SHARE, CREDIT, INVOICE)
    kind = np.where(luck >= 1.0 - FUTURE_SHARE, FUTURE, kind)
    ahead = calendar.last + rng.integers(1, FUTURE_DAYS_MAX + 1, count)
    day = np.where(kind == FUTURE, ahead, day)
    order = np.argsort(day, kind="stable")
    day, kind, sold_to = day[order], kind[order], sold_to[order]
    account = accounts.billed_to[sold_to]

    special = rng.random(count) < SPECIAL_TERMS_SHARE
    terms = np.where(special, rng.integers(0, len(TERMS), count), accounts.terms[account])
    due = day + np.where(kind == CREDIT, 0, np.array(TERMS_DAYS)[terms])
    home = CURRENCIES.index(site.home_currency)
    in_theirs = rng.random(count) < FOREIGN_INVOICE_SHARE
    currency = np.where(in_theirs, accounts.currency[account], home)
    shape = np.maximum(1.0 + AMOUNT_SPREAD * rng.standard_normal(count), AMOUNT_FLOOR)
    minor = np.where(currency == YEN, 1, MINOR)
    value = accounts.typical_amount[sold_to] * shape / np.array(USD_VALUES)[currency] * minor
    value *= np.where(kind == CREDIT, -rng.uniform(0.05, 0.6, count), 1.0)
    return _Documents(
        sold_to=sold_to,
        account=account,
        kind=kind,
        day=day,
        posted=_draw_posting(rng, calendar, day, kind),
        due=due,
        terms=terms,
        currency=currency,
        amount=np.rint(value).astype(np.int64),
        disputed=(rng.random(count) < accounts.disputed[account]) & (kind == INVOICE),
        ids=_number(calendar.document_ids, kind, day, calendar.document_numbers),
    )


def _draw_posting(rng: np.random.Generator, calendar: _Calendar, day: Ints, kind: Ints) -> Ints:
    luck = rng.random(len(day))
    next_workday = day + np.where(calendar.weekday(day) == FRIDAY, 3, 1)
    later = (luck < POSTED_LATER_SHARE) & (next_workday <= calendar.last)
    posted = np.where(later, next_workday, day)
    posted = np.where(luck >= 1.0 - POST_DATE_MISSING_SHARE, -1, posted)
    booked = calendar.last - rng.integers(0, BOOKED_AHEAD_DAYS_MAX + 1, len(day))
    return np.where(kind == FUTURE, np.maximum(booked, 0), posted)


def _draw_payments(
    rng: np.random.Generator, accounts: _Accounts, calendar: _Calendar, documents: _Documents
) -> tuple[_Payments, _Applications]:
    document, day, amount = _draw_instalments(rng, accounts, calendar, documents)
    kept = (day <= calendar.last) & (documents.kind[document] != FUTURE)
    document, day, amount = document[kept], day[kept], amount[kept]

    # What one account pays in one currency on one day is one payment.
    debtor = documents.account[document] * len(CURRENCIES) + documents.currency[document]
    document, debtor, day, amount = _use_up_credits(document, debtor, day, amount)
    key = debtor * len(calendar.iso) + day
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    payment = np.cumsum(np.diff(key, prepend=-1) != 0) - 1
    applied = _sums(amount, starts)
    kept = (amount > 0) | (applied[payment] > 0)
    document, payment, amount = document[kept], payment[kept], amount[kept]
    applied = np.zeros(len(starts), dtype=np.int64)
    np.add.at(applied, payment, amount)

    day, debtor = day[starts], debtor[starts]
    order = np.argsort(day, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    day, debtor, applied = day[order], debtor[order], applied[order]
    count = len(day)
    lag = rng.integers(1, APPLIED_LATER_DAYS_MAX + 1, count)
    lag *= rng.random(count) < APPLIED_LATER_SHARE
    rest = np.maximum(applied * rng.uniform(0.02, 0.3, count), 1.0).astype(np.int64)
    payments = _Payments(
        account=debtor // len(CURRENCIES),
        currency=debtor % len(CURRENCIES),
        day=day,
        applied_day=np.minimum(day + lag, calendar.last),
        applied=applied,
        unapplied=rest * (rng.random(count) < UNAPPLIED_SHARE),
        ids=_number((calendar.payment_ids,), np.zeros_like(day), day, calendar.payment_numbers),
    )
    payment = place[payment]
    order = np.argsort(payment, kind="stable")
    return payments, _Applications(document[order], payment[order], amount[order])


def _draw_instalments(
    rng: np.random.Generator, accounts: _Accounts, calendar: _Calendar, documents: _Documents
) -> tuple[Ints, Ints, Ints]:
    """What is paid of which document when, were there no end to the history."""
    settled = _draw_settlement(rng, accounts, documents)
    count = len(settled)
    parts = rng.choice(len(PARTS_SHARES), count, p=PARTS_SHARES) + 1
    short = documents.disputed & (rng.random(count) < SHORT_SHARE)
    parts[short | (documents.kind != INVOICE)] = 1
    document = np.repeat(np.arange(count), parts)
    starts = np.cumsum(parts) - parts
    part = np.arange(len(document)) - starts[document]

    gap = rng.lognormal(PART_GAP_LOG_MEAN, PART_GAP_LOG_SPREAD, len(document))
    gap = np.clip(gap, PART_GAP_DAYS_MIN, len(calendar.iso)).astype(np.int64) * (part > 0)
    elapsed = np.cumsum(gap)
    day = settled[document] + elapsed - elapsed[starts][document]
    day = _to_payment_day(
        calendar, accounts.run_weekday[documents.account], documents, document, day
    )

    share = rng.normal(FIRST_PART_MEAN, FIRST_PART_SPREAD, count).clip(0.3, 0.9)
    share = np.where(parts > 1, share, 1.0)
    part_paid = rng.normal(SHORT_PART_MEAN, SHORT_PART_SPREAD, count).clip(0.2, 0.95)
    share = np.where(short, part_paid, share)
    first = np.where(share < 1.0, (documents.amount * share).astype(np.int64), documents.amount)
    rest = documents.amount - first
    middle = rest // np.maximum(parts - 1, 1)
    final = rest - middle * (parts - 2)
    amount = np.where(
        part == 0,
        first[document],
        np.where(part == parts[document] - 1, final[document], middle[document]),
    )
    paid = amount != 0
    return document[paid], day[paid], amount[paid]


def _draw_settlement(rng: np.random.Generator, accounts: _Accounts, documents: _Documents) -> Ints:
    """The day of the first payment by the customer's habit; far beyond the history for never."""
    account = documents.account
    count = len(account)
    after_due = accounts.mean[account] + accounts.spread[account] * rng.standard_normal(count)
    after_due += DISPUTE_DELAY_DAYS * (documents.disputed - accounts.disputed[account])
    # Who pays half the term early pays half of any term early.
    scale = np.array(TERMS_DAYS)[documents.terms] / MEASURED_TERMS_DAYS
    after_due = np.rint(np.where(after_due < 0.0, after_due * scale, after_due)).astype(np.int64)
    by_habit = np.maximum(documents.due + after_due, documents.floor)
    waited = rng.lognormal(LONG_WAIT_LOG_MEAN, LONG_WAIT_LOG_SPREAD, count).astype(np.int64)
    at_last = np.where(
        rng.random(count) < NEVER_PAID_SHARE, np.iinfo(np.int32).max, documents.floor + waited
    )
    return np.where(accounts.seldom_pays[account], at_last, by_habit)


def _to_payment_day(
    calendar: _Calendar, run_weekday: Ints, documents: _Documents, document: Ints, day: Ints
) -> Ints:
    """The nearest payment run of customers that have one, the nearest workday of the others."""
    run = run_weekday[document]
    weekday = calendar.weekday(day)
    to_run = (run - weekday + 3) % WEEK - 3
    on_run = day + to_run
    on_run += WEEK * (on_run < documents.floor[document])
    on_workday = day + np.where(weekday == SATURDAY, -1, np.where(weekday == SUNDAY, 1, 0))
    return np.where(run < 0, on_workday, on_run)


def _use_up_credits(
    document: Ints, debtor: Ints, day: Ints, amount: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Give each credit to its debtor's next payment, or drop it; sort by payment."""
    order = np.lexsort((document, day, debtor))
    document, debtor, day, amount = document[order], debtor[order], day[order], amount[order]
    count = len(order)
    here = np.where(amount > 0, np.arange(count), count)
    following = np.minimum.accumulate(here[::-1])[::-1]
    found = following < count
    following = np.where(found, following, 0)
    if count:
        found &= debtor[following] == debtor
        day = np.where(found, day[following], day)
    document, debtor, day, amount = document[found], debtor[found], day[found], amount[found]
    order = np.lexsort((document, day, debtor))
    return document[order], debtor[order], day[order], amount[order]


def _write_invoices(
    rng: np.random.Generator,
    sink: _Sink,
    site: Site,
    accounts: _Accounts,
    calendar: _Calendar,
    documents: _Documents,
    payments: _Payments,
    applications: _Applications,
) -> None:
    count = len(documents.ids)
    balance = documents.amount.copy()
    np.subtract.at(balance, applications.document, applications.amount)
    closed_on = np.zeros(count, dtype=np.int64)
    np.maximum.at(closed_on, applications.document, payments.applied_day[applications.payment])
    is_open = balance != 0
    is_child = documents.sold_to != documents.account
    order_numbers = np.where(rng.random(count) < PO_MISSING_SHARE, 0, rng.integers(*ORDERS, count))
    projects = np.where(rng.random(count) < PROJECT_SHARE, rng.integers(100, 1_000, count), 0)
    discount = documents.amount * DISCOUNT_PERCENT // 100
    discount *= accounts.discount[documents.account] & (documents.kind == INVOICE)
    rates = calendar.rates[documents.currency, documents.day]
    sink.columns(
        "invoices",
        repeat(site.company_id, count),
        documents.ids,
        accounts.ids[documents.account].tolist(),
        _texts(["IN", "CM", "IN"])[documents.kind].tolist(),
        calendar.iso[documents.day].tolist(),
        calendar.iso[documents.due].tolist(),
        np.where(documents.posted < 0, "", calendar.iso[documents.posted]).tolist(),
        _money(documents.amount, documents.currency),
        _money(balance, documents.currency),
        _texts(CURRENCIES)[documents.currency].tolist(),
        _money(_in_home(documents.amount, documents.currency, rates)),
        _money(_in_home(balance, documents.currency, rates)),
        np.where(is_open, "open,", calendar.closed[closed_on]).tolist(),
        [f"PO{number}" if number else "" for number in order_numbers.tolist()],
        np.where(is_child, accounts.ids[documents.sold_to], "").tolist(),
        _money(discount, documents.currency),
        _draw_comments(rng, documents),
        _texts(TERMS)[documents.terms].tolist(),
        [f"PRJ-{number}" if number else "" for number in projects.tolist()],
        repeat("", count),
    )


def _write_payments(
    rng: np.random.Generator,
    sink: _Sink,
    site: Site,
    accounts: _Accounts,
    calendar: _Calendar,
    documents: _Documents,
    payments: _Payments,
    applications: _Applications,
) -> None:
    count = len(payments.ids)
    luck = rng.random(count)
    comments = np.where(luck < COMMENT_SHARE, PAYMENT_COMMENTS[0], NO_COMMENT)
    comments = np.where(payments.unapplied > 0, PAYMENT_COMMENTS[1], comments)
    tenders = _texts([f"{tender},{kind}" for tender, kind in TENDERS])
    sink.columns(
        "payments",
        repeat(site.company_id, count),
        payments.ids,
        accounts.ids[payments.account].tolist(),
        calendar.iso[payments.day].tolist(),
        _money(payments.applied + payments.unapplied, payments.currency),
        _texts(CURRENCIES)[payments.currency].tolist(),
        tenders[rng.choice(len(TENDERS), count, p=TENDER_SHARES)].tolist(),
        map(str, rng.integers(*REFERENCES, count).tolist()),
        _money(payments.unapplied, payments.currency),
        comments.tolist(),
    )
    sink.columns(
        "payment_applications",
        repeat(site.company_id, len(applications.amount)),
        _texts(payments.ids)[applications.payment].tolist(),
        _texts(documents.ids)[applications.document].tolist(),
        _money(applications.amount, documents.currency[applications.document]),
        calendar.iso[payments.applied_day[applications.payment]].tolist(),
    )


def _draw_comments(rng: np.random.Generator, documents: _Documents) -> list[str]:
    count = len(documents.ids)
    luck = rng.random(count)
    which = rng.integers(0, 2**31, count)
    comments = np.where(
        luck < COMMENT_SHARE, _fields(PLAIN_COMMENTS)[which % len(PLAIN_COMMENTS)], NO_COMMENT
    )
    comments = np.where(
        documents.disputed & (luck < DISPUTE_COMMENT_SHARE),
        _fields(DISPUTE_COMMENTS)[which % len(DISPUTE_COMMENTS)],
        comments,
    )
    refunds = _fields(CREDIT_COMMENTS)[which % len(CREDIT_COMMENTS)]
    comments = np.where(documents.kind == CREDIT, refunds, comments)
    comments = np.where(documents.kind == FUTURE, _field(FUTURE_COMMENT), comments)
    texts: list[str] = comments.tolist()
    return texts


def _number(stamps: tuple[Texts, ...], kind: Ints, day: Ints, taken: Ints) -> list[str]:
    """Number documents day by day, in the order given, which is that of the days."""
    within = np.arange(len(day)) - np.searchsorted(day, day, side="left")
    numbers = taken[day] + within + 1
    taken += np.bincount(day, minlength=len(taken))
    heads = np.choose(kind, [stamp[day] for stamp in stamps])
    return [f"{head}{n:04d}" for head, n in zip(heads.tolist(), numbers.tolist(), strict=True)]


def _sums(values: Ints, starts: Ints) -> Ints:
    return np.add.reduceat(values, starts) if len(starts) else values


def _money(amounts: Ints, currencies: Ints | None = None) -> list[str]:
    texts = [f"{amount:.2f}" for amount in (amounts / MINOR).tolist()]
    if currencies is not None:
        for i in np.flatnonzero(currencies == YEN).tolist():
            texts[i] = str(amounts[i])
    return texts


def _in_home(amounts: Ints, currencies: Ints, rates: Ints) -> Ints:
    """In cents of the home currency, rounded half up, and zero only where nothing is left."""
    cents = np.abs(amounts) * np.where(currencies == YEN, MINOR, 1)
    cents = np.maximum((cents * rates + RATE_SCALE // 2) // RATE_SCALE, cents > 0)
    return cents * np.sign(amounts)


@cache
def _booked_rate(currency: str, home: str, day: date) -> int:
    """What one unit is worth in home currency on a day, in millionths; a gentle yearly wave."""
    if currency == home:
        return RATE_SCALE
    here, there = CURRENCIES.index(home), CURRENCIES.index(currency)
    wave = math.sin(math.tau * (day.toordinal() / RATE_YEAR_DAYS + (there - here) * GOLDEN))
    return round(USD_VALUES[there] / USD_VALUES[here] * (1.0 + RATE_SWING * wave) * RATE_SCALE)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _split(total: int, shares: list[float]) -> list[int]:
    ends = [round(total * sum(shares[: i + 1])) for i in range(len(shares))]
    return [end - start for start, end in pairwise([0, *ends])]


def _pick(items: tuple[T, ...], draw: int) -> T:
    return items[draw % len(items)]


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _texts(items: Iterable[str]) -> Texts:
    return np.array(list(items), dtype=np.object_)


def _fields(items: tuple[str, ...]) -> Texts:
    return _texts([_field(item) for item in items])


def _field(text: str) -> str:
    return _line([text]).rstrip("\n")


def _line(fields: list[str]) -> str:
    plain = ",".join(fields)
    if plain.count(",") == len(fields) - 1 and '"' not in plain:
        return plain + "\n"
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue()


class Change(Enum):
    """What befell an invoice between two exports."""

    PAID = auto()
    PART_PAID = auto()
    AMOUNT_CORRECTED = auto()
    DUE_DATE_CORRECTED = auto()
    ACCOUNT_CORRECTED = auto()
    APPLICATION_WITHDRAWN = auto()
    FOLLOWED_BY_NEW = auto()


# Chosen. The first five befall open invoices, the others closed ones.
CHANGE_SHARES: Final = {
    Change.PAID: 0.55,
    Change.PART_PAID: 0.08,
    Change.AMOUNT_CORRECTED: 0.06,
    Change.DUE_DATE_CORRECTED: 0.06,
    Change.ACCOUNT_CORRECTED: 0.04,
    Change.APPLICATION_WITHDRAWN: 0.06,
    Change.FOLLOWED_BY_NEW: 0.15,
}
CHANGES_OF_CLOSED: Final = (Change.APPLICATION_WITHDRAWN, Change.FOLLOWED_BY_NEW)
DUE_SHIFTS_DAYS: Final = (-5, 7, 15, 30)
CORRECTED_DOWN_SHARE: Final = 0.5
CENT: Final = Decimal("0.01")


class _Invoice(msgspec.Struct):
    """The row of an invoice, in the columns' order."""

    company_id: str
    tran_id: str
    cust_id: str
    type: str
    tran_date: str
    due_date: str
    post_date: str
    amount: str
    balance: str
    curr_id: str
    amount_hc: str
    balance_hc: str
    status: str
    closing_tran_date: str
    cust_po_no: str
    sold_to_id: str
    disc_amt: str
    invoice_cmnt: str
    pmt_terms_id: str
    udf1: str
    udf2: str

    def line(self) -> str:
        return _line(list(msgspec.structs.astuple(self)))


class _Receipt(msgspec.Struct):
    """A payment that came in between the exports."""

    payment_id: str
    tender: tuple[str, str]
    reference: int
    amount: Decimal

    def line(self, company: str, account: str, currency: str, day: date) -> str:
        unapplied = self.amount - self.amount
        head = [company, self.payment_id, account, day.isoformat(), str(self.amount), currency]
        return _line([*head, *self.tender, str(self.reference), str(unapplied), ""])


class _Survey(msgspec.Struct, frozen=True):
    """What a folder holds, as far as the next export must know."""

    newest: date
    homes: dict[str, str]
    open_rows: list[int]
    closed_rows: list[int]
    rows: int


class _Bookings:
    """What happened between two exports, gathered before it is written."""

    def __init__(
        self, rng: np.random.Generator, homes: dict[str, str], since: date, until: date
    ) -> None:
        self._rng = rng
        self._homes = homes
        self._since = since
        self._until = until
        self._numbers: dict[tuple[str, str], int] = {}
        self._paying_days: dict[tuple[str, str], date] = {}
        self._accounts: dict[str, str] = {}
        self.receipts: dict[tuple[str, str, str, date], _Receipt] = {}
        self.applications: list[str] = []
        self.changed: dict[int, _Invoice] = {}
        self.new: list[_Invoice] = []
        self.withdrawn: dict[tuple[str, str], int] = {}  # Company and document to its row.
        self.given_back: dict[tuple[str, str], Decimal] = {}  # Company and payment to amount.

    def book(self, row: int, invoice: _Invoice, change: Change) -> None:
        """Let one thing befall one invoice."""
        match change:
            case Change.PAID:
                self._pay(invoice, Decimal(invoice.balance))
            case Change.PART_PAID:
                self._pay(invoice, _portion(invoice.balance, self._rng.uniform(0.3, 0.8)))
            case Change.AMOUNT_CORRECTED:
                self._correct_amount(invoice)
            case Change.DUE_DATE_CORRECTED:
                due = date.fromisoformat(invoice.due_date)
                invoice.due_date = (due + timedelta(days=_pick(DUE_SHIFTS_DAYS, row))).isoformat()
            case Change.ACCOUNT_CORRECTED:
                self._correct_account(invoice)
            case Change.APPLICATION_WITHDRAWN:
                self.withdrawn[invoice.company_id, invoice.tran_id] = row
            case Change.FOLLOWED_BY_NEW:
                self._follow(invoice)
                return
        self._accounts[invoice.company_id] = invoice.cust_id
        self.changed[row] = invoice

    def withdraw(self, company: str, payment: str, tran: str, amount: str) -> bool:
        """Take an application back if its invoice is to lose one; the first one goes."""
        row = self.withdrawn.pop((company, tran), None)
        if row is None:
            return False
        invoice = self.changed[row]
        back = Decimal(amount)
        self._set_money(invoice, Decimal(invoice.amount), Decimal(invoice.balance) + back)
        given = self.given_back.get((company, payment), Decimal(0))
        self.given_back[company, payment] = given + back
        return True

    def _pay(self, invoice: _Invoice, amount: Decimal) -> None:
        company, account = invoice.company_id, invoice.cust_id
        day = self._paying_days.setdefault((company, account), self._draw_day())
        key = (company, account, invoice.curr_id, day)
        receipt = self.receipts.get(key)
        if receipt is None:
            receipt = self.receipts[key] = _Receipt(
                payment_id=self._next_id("PM", company, day),
                tender=TENDERS[int(self._rng.choice(len(TENDERS), p=TENDER_SHARES))],
                reference=int(self._rng.integers(*REFERENCES)),
                amount=amount - amount,
            )
        receipt.amount += amount
        self.applications.append(
            _line([company, receipt.payment_id, invoice.tran_id, str(amount), day.isoformat()])
        )
        balance = Decimal(invoice.balance) - amount
        self._set_money(invoice, Decimal(invoice.amount), balance, day)

    def _correct_amount(self, invoice: _Invoice) -> None:
        shift = _portion(invoice.balance, self._rng.uniform(0.05, 0.4))
        if self._rng.random() < CORRECTED_DOWN_SHARE and shift < Decimal(invoice.balance):
            shift = -shift
        self._set_money(invoice, Decimal(invoice.amount) + shift, Decimal(invoice.balance) + shift)

    def _correct_account(self, invoice: _Invoice) -> None:
        """Move an unpaid invoice to the account last met; a part-paid one gets a note."""
        other = self._accounts.get(invoice.company_id, invoice.cust_id)
        if other != invoice.cust_id and invoice.balance == invoice.amount:
            invoice.cust_id, invoice.sold_to_id = other, ""
        else:
            invoice.invoice_cmnt = MOVE_COMMENT

    def _follow(self, invoice: _Invoice) -> None:
        day = self._draw_day()
        terms = TERMS_DAYS[TERMS.index(invoice.pmt_terms_id)]
        amount = _portion(invoice.amount, self._rng.uniform(0.7, 1.3))
        following = msgspec.structs.replace(
            invoice,
            tran_id=self._next_id("IN", invoice.company_id, day),
            tran_date=day.isoformat(),
            due_date=(day + timedelta(days=terms)).isoformat(),
            post_date=day.isoformat(),
            cust_po_no=f"PO{self._rng.integers(*ORDERS)}",
            disc_amt=str(amount - amount),
            invoice_cmnt="",
        )
        self._set_money(following, amount, amount)
        self.new.append(following)

    def _set_money(
        self, invoice: _Invoice, amount: Decimal, balance: Decimal, closed_on: date | None = None
    ) -> None:
        """Set amount, balance and all that follows from them."""
        home = self._homes[invoice.company_id]
        booked = _booked_rate(invoice.curr_id, home, date.fromisoformat(invoice.tran_date))
        invoice.amount, invoice.balance = str(amount), str(balance)
        invoice.amount_hc = str(_home_amount(amount, booked))
        invoice.balance_hc = str(_home_amount(balance, booked))
        closed = not balance and closed_on is not None
        invoice.status = "closed" if closed else "open"
        invoice.closing_tran_date = closed_on.isoformat() if closed and closed_on else ""

    def _draw_day(self) -> date:
        days = (self._until - self._since).days
        return self._since + timedelta(days=int(self._rng.integers(1, days + 1)))

    def _next_id(self, prefix: str, company: str, day: date) -> str:
        head = f"{prefix}{day:%y%m%d}"
        number = self._numbers[company, head] = self._numbers.get((company, head), 0) + 1
        return f"{head}-{number:04d}"


def write_next_export(
    folder: Path, later: Path, *, seed: int = 1, business_date: date, share: float = 0.02
) -> LedgerSummary:
    """Write to `later` what the ERP exports on `business_date`, after it exported `folder`.

    A share of the invoices changes: most are paid, in full or in part; some have their amount, due
    date or account corrected; some lose an application, whose money goes back to the payment; some
    are new. All other rows are the same bytes in the same order.

    Args:
        folder: an earlier export, made by `write_sample_ledger` or by this function.
        later: where the new one goes; another folder.
        seed: the same arguments give the same bytes.
        business_date: later than everything booked in `folder`.
        share: invoices changed or new, as a share of the invoices in `folder`.
    """
    if folder.resolve() == later.resolve():
        raise ValueError("A later export needs a folder of its own.")
    survey = _survey(folder)
    if business_date <= survey.newest:
        raise ValueError(f"{folder} has bookings up to {survey.newest}; choose a later date.")
    rng = np.random.default_rng(seed)
    changes = _choose(rng, survey, share)
    bookings = _Bookings(rng, survey.homes, survey.newest, business_date)
    for row, (_, fields) in enumerate(_rows(folder, "invoices")):
        if row in changes:
            bookings.book(row, _Invoice(*fields), changes[row])
    later.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        sink = _Sink(stack, later)
        for name in ("companies", "customers", "contacts"):
            for line, _ in _rows(folder, name):
                sink.rows(name, (line,), 1)
        # The applications come first: they tell what is given back to payments and invoices.
        for line in _later_applications(folder, bookings):
            sink.rows("payment_applications", (line,), 1)
        for line in _later_payments(folder, bookings):
            sink.rows("payments", (line,), 1)
        for line in _later_invoices(folder, bookings):
            sink.rows("invoices", (line,), 1)
        return sink.summary()


def _survey(folder: Path) -> _Survey:
    newest = ""
    open_rows: list[int] = []
    closed_rows: list[int] = []
    rows = 0
    for _, fields in _rows(folder, "invoices"):
        invoice = _Invoice(*fields)
        newest = max(newest, invoice.post_date)
        if invoice.type == "IN" and invoice.status == "closed":
            closed_rows.append(rows)
        elif invoice.type == "IN" and not invoice.tran_id.startswith(DOCUMENT_PREFIXES[FUTURE]):
            open_rows.append(rows)
        rows += 1
    for _, (_, _, _, day, *_) in _rows(folder, "payments"):
        newest = max(newest, day)
    for _, (*_, day) in _rows(folder, "payment_applications"):
        newest = max(newest, day)
    return _Survey(
        newest=date.fromisoformat(newest) if newest else date.min,
        homes={company: home for _, (company, _, home, _) in _rows(folder, "companies")},
        open_rows=open_rows,
        closed_rows=closed_rows,
        rows=rows,
    )


def _choose(rng: np.random.Generator, survey: _Survey, share: float) -> dict[int, Change]:
    """Which row changes how; fewer than wished for where a small ledger has too few open ones."""
    wished = _split(round(survey.rows * share), list(CHANGE_SHARES.values()))
    pools = {
        True: rng.permutation(np.array(survey.open_rows, dtype=np.int64)).tolist(),
        False: rng.permutation(np.array(survey.closed_rows, dtype=np.int64)).tolist(),
    }
    changes: dict[int, Change] = {}
    for change, count in zip(CHANGE_SHARES, wished, strict=True):
        pool: list[int] = pools[change not in CHANGES_OF_CLOSED]
        changes.update((pool.pop(), change) for _ in range(min(count, len(pool))))
    return changes


def _later_applications(folder: Path, bookings: _Bookings) -> Iterator[str]:
    for line, (company, payment, tran, amount, _) in _rows(folder, "payment_applications"):
        if not bookings.withdraw(company, payment, tran, amount):
            yield line
    yield from bookings.applications


def _later_payments(folder: Path, bookings: _Bookings) -> Iterator[str]:
    place = COLUMNS["payments"].split(",").index("unapplied_amt")
    for line, fields in _rows(folder, "payments"):
        back = bookings.given_back.get((fields[0], fields[1]))
        if back is None:
            yield line
        else:
            fields[place] = str(Decimal(fields[place]) + back)
            yield _line(fields)
    for (company, account, currency, day), receipt in bookings.receipts.items():
        yield receipt.line(company, account, currency, day)


def _later_invoices(folder: Path, bookings: _Bookings) -> Iterator[str]:
    for row, (line, _) in enumerate(_rows(folder, "invoices")):
        changed = bookings.changed.get(row)
        yield line if changed is None else changed.line()
    for invoice in bookings.new:
        yield invoice.line()


def _rows(folder: Path, name: str) -> Iterator[tuple[str, list[str]]]:
    """Every row as it stands in the file, and its fields."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        next(file, None)
        for line in file:
            text = line.rstrip("\n")
            yield line, next(csv.reader((text,))) if '"' in text else text.split(",")


def _portion(amount: str, share: float) -> Decimal:
    """Some of an amount, in its own decimals, and something at least."""
    whole = Decimal(amount)
    unit = Decimal(1).scaleb(int(whole.as_tuple().exponent))
    part = (whole * Decimal(share)).quantize(unit, ROUND_HALF_UP)
    return max(part, unit)


def _home_amount(amount: Decimal, booked: int) -> Decimal:
    home = (amount * booked / RATE_SCALE).quantize(CENT, ROUND_HALF_UP)
    return max(home, CENT) if amount > 0 else home
