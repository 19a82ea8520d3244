"""The user-defined fields of an application ..."""

from domain.payment_application import (
    PAYMENT_APPLICATION,
    DescribePaymentApplication,
    PaymentApplicationDescribed,
    PaymentApplicationDocument,
)
from tests.story import Story

application = Story(PAYMENT_APPLICATION)

KEY = ("1", "I1", "P1")
BARE = PaymentApplicationDocument(*KEY)
TOLD = PaymentApplicationDocument(*KEY, udf1="batch 7")
described = PaymentApplicationDescribed(TOLD)


def test_are_taken_over_where_there_are_any() -> None:
    application.given().when(DescribePaymentApplication(TOLD)).then(described)
    application.given().when(DescribePaymentApplication(BARE)).then_nothing()


def test_are_changed_and_cleared_as_the_erp_says() -> None:
    other = PaymentApplicationDocument(*KEY, udf2="batch 8")
    application.given(described).when(DescribePaymentApplication(other)).then(
        PaymentApplicationDescribed(other)
    )
    application.given(described).when(DescribePaymentApplication(BARE)).then(
        PaymentApplicationDescribed(BARE)
    )
