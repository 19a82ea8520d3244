"""Matching pending payments to the ERP's: the reference first, then the nearest date, then ids."""

from hypothesis import given
from hypothesis import strategies as st

from application.processes.match_pending_payments import matches
from domain.pending_payment import MatchCandidate, ReconciledBy


def by_reference(pending: str, payment: str, days: int = 0) -> MatchCandidate:
    return MatchCandidate("1", pending, payment, True, days)


def by_amount(pending: str, payment: str, days: int, company: str = "1") -> MatchCandidate:
    return MatchCandidate(company, pending, payment, False, days)


def test_a_reference_says_more_than_a_near_date() -> None:
    referred = by_reference("a", "P2", days=300)
    assert matches([by_amount("a", "P1", 0), referred]) == [referred]
    assert referred.reconciled_by is ReconciledBy.REFERENCE
    assert matches([by_amount("b", "P2", 0), referred]) == [referred]


def test_the_nearest_date_comes_first_and_each_payment_is_taken_once() -> None:
    far, near = by_amount("a", "P1", 3), by_amount("b", "P1", 1)
    second = by_amount("a", "P2", 5)
    assert matches([far, near, second]) == [near, second]
    assert near.reconciled_by is ReconciledBy.AMOUNT_AND_DATE


def test_ids_decide_between_equals() -> None:
    twins = [by_amount(pending, payment, 0) for pending in "ba" for payment in ("P2", "P1")]
    assert matches(twins) == [by_amount("a", "P1", 0), by_amount("b", "P2", 0)]


def test_payments_of_two_companies_may_have_the_same_id() -> None:
    both = [by_amount("a", "P1", 0), by_amount("b", "P1", 0, company="2")]
    assert matches(both) == both


CANDIDATES = st.lists(
    st.builds(
        MatchCandidate,
        st.sampled_from("12"),
        st.sampled_from("abc"),
        st.sampled_from(["P1", "P2", "P3"]),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_nothing_is_matched_twice_nor_left_over_and_order_does_not_matter(
    candidates: list[MatchCandidate], rng: object
) -> None:
    found = matches(candidates)
    pending = [one.pending_payment_id for one in found]
    payments = [(one.company_id, one.payment_id) for one in found]
    assert len(set(pending)) == len(pending)
    assert len(set(payments)) == len(payments)
    for one in candidates:
        assert one.pending_payment_id in pending or (one.company_id, one.payment_id) in payments
    shuffled = list(candidates)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert matches(shuffled) == found
