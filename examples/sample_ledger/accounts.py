"""Accounts and contacts: who buys, how much, and how they pay."""

import math
from datetime import date

import msgspec
import numpy as np

from examples.sample_ledger.calendar_days import Calendar
from examples.sample_ledger.files import Sink
from examples.sample_ledger.habits import (
    AMOUNT_LOG_MEAN,
    AMOUNT_LOG_SPREAD,
    AMOUNT_MIN,
    BILLED_TO_PARENT_SHARE,
    CHILD_SHARE,
    CHUNK_CUSTOMERS,
    CONTACT_SHARES,
    CURRENCIES,
    CUSTOMERS_PER_COMPANY_MIN,
    DISCOUNT_CUSTOMER_SHARE,
    DRAWS_PER_CUSTOMER,
    FOREIGN_CUSTOMER_SHARE,
    GOLDEN,
    HABITS,
    NEW_CUSTOMER_SHARE,
    NEW_CUSTOMER_WITHIN,
    PAYMENT_RUN_SHARE,
    SATURDAY,
    SELDOM_PAYS_SHARE,
    STATUS_SHARES,
    STATUSES,
    TERMS,
    TERMS_SHARES,
    ZIPF_OFFSET,
)
from examples.sample_ledger.texts import (
    Flags,
    Floats,
    Ints,
    Texts,
    csv_line,
    flag_text,
    pick_one,
    text_array,
)
from examples.sample_ledger.vocabulary import (
    COUNTRIES,
    FIRST_CUST_NUMBER,
    FIRST_WORDS,
    INDUSTRIES,
    LATIN_NAMES,
    MAIL_DOMAINS,
    OTHER_NAMES,
    OTHER_NAMES_EVERY,
    SALES_PEOPLE,
    SCORES,
    SECOND_WORDS,
    TITLES,
    Site,
)


class Accounts(msgspec.Struct, frozen=True):
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


def draw_accounts(
    rng: np.random.Generator,
    site: Site,
    calendar: Calendar,
    invoices: int,
    invoices_per_customer: int,
) -> Accounts:
    """Return the accounts of a company, drawn."""
    count = max(CUSTOMERS_PER_COMPANY_MIN, round(invoices / invoices_per_customer))
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
    return Accounts(
        ids=text_array([site.cust_id.format(FIRST_CUST_NUMBER + i) for i in range(count)]),
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


def company_row(site: Site) -> str:
    """Return a company's row."""
    return csv_line([site.company_id, site.name, site.home_currency, site.time_zone])


def write_customers(
    rng: np.random.Generator, sink: Sink, site: Site, accounts: Accounts, calendar: Calendar
) -> None:
    """Write the customers and their contacts."""
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
                customer_row(site, accounts, ids, i, draw, calendar, large)
                for i, draw in zip(part, draws, strict=True)
            ),
            len(part),
        )
        sink.rows(
            "contacts",
            (
                contact_row(site, accounts, i, draw, n)
                for i, draw, last in zip(part, draws, contacts, strict=True)
                for n in range(last + 1)
            ),
            sum(contacts) + len(contacts),
        )


def customer_row(
    site: Site,
    accounts: Accounts,
    ids: list[str],
    i: int,
    draw: list[int],
    calendar: Calendar,
    large: float,
) -> str:
    """Return a customer's row."""
    country = COUNTRIES[CURRENCIES[accounts.currency[i]]]
    city, state, postal_code = pick_one(country.cities, draw[0])
    invoices = int(accounts.invoices[i])
    started = int(accounts.first_day[i])
    is_new = started > calendar.first
    known_for = draw[1] % 20 if is_new else draw[1] % 4_000
    slow = bool(accounts.seldom_pays[i]) or accounts.mean[i] > HABITS["very late"].mean
    class_id = "KEY" if invoices > large else "NEW" if is_new else "STD"
    limit = math.ceil(accounts.typical_amount[i] * max(invoices, 4) / 4_000) * 1_000
    name = f"{pick_one(FIRST_WORDS, draw[2])} {pick_one(SECOND_WORDS, draw[3])}"
    comma = "," if draw[4] % 5 == 0 else ""
    parent = int(accounts.parent[i])
    return csv_line(
        [
            site.company_id,
            ids[i],
            f"{name}{comma} {pick_one(country.legal_forms, draw[4])}",
            class_id,
            STATUSES[accounts.status[i]],
            f"{limit}.00",
            flag_text(draw[5] % 100 < (25 if slow else 1)),
            ids[parent] if parent >= 0 else "",
            TERMS[accounts.terms[i]],
            f"S{draw[6] % len(SALES_PEOPLE) + 1:02d}",
            pick_one(SALES_PEOPLE, draw[6]),
            date.fromordinal(calendar.start + started - known_for - 1).isoformat(),
            country.street.format(
                street=pick_one(country.streets, draw[7]), number=draw[8] % 240 + 1
            ),
            f"Unit {draw[9] % 40 + 1}" if draw[9] % 5 == 0 else "",
            city,
            state,
            postal_code,
            country.code,
            {"KEY": "Key account", "NEW": "New customer"}.get(class_id, ""),
            pick_one(SCORES, draw[10]),
            pick_one(site.territories, draw[11]),
            "PO required" if draw[12] % 5 == 0 else "",
            pick_one(INDUSTRIES, draw[13]),
        ]
    )


def contact_row(site: Site, accounts: Accounts, i: int, draw: list[int], n: int) -> str:
    """Return a contact's row."""
    pick = draw[14] + n * 7
    script = (
        OTHER_NAMES[pick % len(OTHER_NAMES)] if draw[15] % OTHER_NAMES_EVERY == 0 else LATIN_NAMES
    )
    given, mail_given = pick_one(script[0], pick // 5)
    family, mail_family = pick_one(script[1], pick // 5 + n)
    place = f"{site.company_id}-{accounts.ids[i]}".lower()
    mail = f"{mail_given}.{mail_family}.{place}-{n + 1}@{pick_one(MAIL_DOMAINS, draw[15])}"
    phone = COUNTRIES[CURRENCIES[accounts.currency[i]]].phone.format((draw[13] + n) % 100)
    return csv_line(
        [
            site.company_id,
            accounts.ids[i],
            str(n + 1),
            f"{given} {family}",
            pick_one(TITLES, draw[12] + n),
            mail,
            phone,
            flag_text(n == 0),
            flag_text(n == 0 or draw[14] % 3 == 0),
        ]
    )
