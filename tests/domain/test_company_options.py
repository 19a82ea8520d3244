"""What the site says of a company of the ERP ..."""

from domain.company_options import (
    COMPANY_OPTIONS,
    CompanyOptions,
    CompanyOptionsUpdated,
    UpdateCompanyOptions,
)
from domain.shared.facts import UserFacts
from tests.story import Story

options = Story(COMPANY_OPTIONS)

DANA = UserFacts("dana", "credit_user", None, True)
EVE = UserFacts("eve", "credit_user", None, False)
with_dana = CompanyOptionsUpdated("1", CompanyOptions("dana"))


def told(**given: object) -> UpdateCompanyOptions:
    return UpdateCompanyOptions("1", company_known=True, **given)  # type: ignore[arg-type]


def test_is_said_of_a_company_that_is_known() -> None:
    command = UpdateCompanyOptions("1", online_payments=True)
    options.given().when(command).then_refused("company_unknown", "companyId")


def test_commands_learn_what_they_ask() -> None:
    command = UpdateCompanyOptions("1", "dana")
    assert command.knowing([True, DANA]) == told(default_user_id="dana", user=DANA)
    assert command.knowing([False, None]) == command


def test_changes_where_it_is_told_to_and_nowhere_else() -> None:
    options.given().when(told(default_user_id="dana", user=DANA)).then(with_dana)
    options.given(with_dana).when(told(online_payments=False)).then(
        CompanyOptionsUpdated("1", CompanyOptions("dana", online_payments=False))
    )
    options.given(with_dana).when(told(default_user_id=None)).then(
        CompanyOptionsUpdated("1", CompanyOptions())
    )


def test_told_twice_nothing_is_added() -> None:
    options.given(with_dana).when(told(default_user_id="dana", user=DANA)).then_nothing()
    options.given(with_dana).when(told(online_payments=None)).then_nothing()
    options.given(with_dana).when(told()).then_nothing()


def test_accounts_come_to_users_that_are_there_and_active() -> None:
    nobody, retired = told(default_user_id="zoe"), told(default_user_id="eve", user=EVE)
    options.given().when(nobody).then_refused("user_unknown", "defaultUserId")
    options.given().when(retired).then_refused("user_retired", "defaultUserId")
