"""Money, names of streams, text: what holds for all of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.currency import is_currency, iso_code, money_text, rounded, smallest_unit
from domain.shared.streams import stream_category, stream_key, stream_name
from domain.shared.text import can_be_kept, kept
from domain.shared.time_zones import is_time_zone

AMOUNTS = st.decimals(-(10**15), 10**15, places=4)
CODES = st.sampled_from(["EUR", "USD", "JPY", "BHD", "PES"])


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_streams_name_gives_its_key_back(key: list[str]) -> None:
    name = stream_name("invoice", *key)
    assert stream_key(name) == tuple(key)
    assert stream_category(name) == "invoice"


@given(
    st.lists(st.text("a/%2F5", max_size=5), min_size=1, max_size=3),
    st.lists(st.text("a/%2F5", max_size=5), min_size=1, max_size=3),
)
def test_no_two_keys_have_one_name(one: list[str], other: list[str]) -> None:
    assert (stream_name("x", *one) == stream_name("x", *other)) == (one == other)


@given(AMOUNTS, CODES)
def test_rounding_moves_an_amount_by_half_a_unit_at_most(amount: Decimal, code: str) -> None:
    unit = smallest_unit(code)
    found = rounded(amount, code)
    assert abs(found - amount) * 2 <= unit
    assert found % unit == 0
    assert rounded(found, code) == found


def test_halves_are_rounded_to_even_however_large_the_amount() -> None:
    large = Decimal("9" * 40)
    assert [rounded(Decimal(text), "EUR") for text in ("0.005", "0.015", "-0.025")] == [
        Decimal("0.00"),
        Decimal("0.02"),
        Decimal("-0.02"),
    ]
    assert rounded(large.scaleb(-3), "EUR") == Decimal("1" + "0" * 37)


@given(AMOUNTS, CODES)
def test_an_amounts_text_is_the_amount_with_its_currencys_decimals(
    amount: Decimal, code: str
) -> None:
    text = money_text(amount, code)
    assert Decimal(text) == amount
    assert "E" not in text
    decimals = len(text.partition(".")[2])
    assert decimals >= -int(smallest_unit(code).as_tuple().exponent)


@pytest.mark.parametrize(
    ("amount", "code", "text"),
    [
        ("1", "USD", "1.00"),
        ("1.5", "USD", "1.50"),
        ("1.2345", "USD", "1.2345"),
        ("1.2300", "USD", "1.23"),
        ("100", "JPY", "100"),
        ("1", "BHD", "1.000"),
        ("-0.10", "EUR", "-0.10"),
        ("123456789012345678901234", "EUR", "123456789012345678901234.00"),
        ("9" * 40, "EUR", "9" * 40 + ".00"),
    ],
)
def test_amounts_are_written_like_this(amount: str, code: str, text: str) -> None:
    assert money_text(Decimal(amount), code) == text


def test_currencies_are_those_there_are_and_the_erps_own() -> None:
    assert [is_currency(code) for code in ("EUR", "PES", "YEN", "DEM")] == [True] * 4
    assert [is_currency(code) for code in ("", "EURO", "XXX", "XTS", "eur", "123")] == [False] * 6
    assert (iso_code("PES"), iso_code("YEN"), iso_code("EUR")) == ("MXN", "JPY", "EUR")


def test_text_that_no_database_keeps_is_told() -> None:
    assert can_be_kept("Zażółć 🎉\n\t")
    assert not can_be_kept("a\0b")
    assert not can_be_kept("\udc00")


def test_text_is_kept_without_what_cannot_be() -> None:
    assert kept("Zażółć 🎉\n\t") == "Zażółć 🎉\n\t"
    assert kept("a\0b\udc00") == "a\ufffdb\ufffd"
    assert can_be_kept(kept("\0\ud800\udc00\0"))


def test_time_zones_are_iana_names() -> None:
    assert is_time_zone("America/Argentina/Buenos_Aires")
    for name in ("", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "a\0b", "x" * 500):
        assert not is_time_zone(name)
