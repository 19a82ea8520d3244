"""What is said of accounts: to whom they belong, how they are rated, whom to call, what to note."""

from datetime import date, timedelta
from typing import Final

from application.consulting import account_asked, class_asked, documents_asked, user_asked
from application.records import existence
from domain.account import ACCOUNT, AddAccountNote
from domain.account_care import (
    ACCOUNT_CARE,
    AccountCareCommand,
    RateCredit,
    SetDaysToRespond,
    SetSalesReps,
    UpdateAccount,
)
from domain.contact import CONTACT, AddContact, ContactDocument
from domain.invoice_note import INVOICE_NOTE, AddInvoiceNote
from domain.personal_contact import PERSONAL_CONTACT, AddPersonalContact
from domain.shared.person import Person
from domain.shared.record_types import RecordType
from domain.user_fields import USER_FIELDS, SetUserFields
from examples.sample_work.choosing import AccountKey, Choice, Worked
from examples.sample_work.diary import Diary, work_id
from examples.sample_work.people import COLLECTORS, CREDIT_CLASSES, MANAGER, SCORES
from examples.sample_work.texts import (
    ACCOUNT_NOTES,
    CALL_TIMES,
    CONTACT_NAMES,
    CONTACT_TITLES,
    INVOICE_NOTES,
    PAYMENT_RUNS,
    PORTAL,
    pick,
)

UNASSIGNED_EVERY: Final = 20
"""One account in so many belongs to nobody."""

OFFLINE_EVERY: Final = 3
"""One account in so many may not pay online."""


def collector_of(number: int) -> str | None:
    """Return the user to whom the account of a number is assigned; None for nobody."""
    if number % UNASSIGNED_EVERY == UNASSIGNED_EVERY - 1:
        return None
    return COLLECTORS[number % len(COLLECTORS)]


def assign(diary: Diary, day: date, choice: Choice) -> dict[AccountKey, str]:
    """Note a mass update of all accounts; return who works on which, the manager on the rest."""
    collectors: dict[AccountKey, str] = {}
    for number, account in enumerate(choice.accounts):
        user_id = collector_of(number)
        collectors[account] = user_id or MANAGER
        class_id = CREDIT_CLASSES[number % len(CREDIT_CLASSES)].class_id
        diary.note(
            day,
            MANAGER,
            "updateAccounts",
            ACCOUNT_CARE,
            account,
            UpdateAccount(
                class_id,
                user_id,
                number % OFFLINE_EVERY != 0,
            ),
            work_id("update", *account),
            [account_asked(*account), *user_asked(user_id), *class_asked(class_id)],
        )
    return collectors


def care(diary: Diary, day: date, number: int, worked: Worked, user_id: str) -> None:
    """Note on a day how an account is rated, and how long and by whom it is looked after."""

    def say(mutation: str, command: AccountCareCommand) -> None:
        key = work_id(mutation, *worked.key)
        asked = [account_asked(*worked.key)]
        diary.note(day, user_id, mutation, ACCOUNT_CARE, worked.key, command, key, asked)

    bureaus = (str(300 + 25 * (number % 20)), str(1 + number % 10))
    rating = RateCredit(day, SCORES[number % len(SCORES)], bureau_1=bureaus[0], bureau_2=bureaus[1])
    say("rateCredit", rating)
    if number % 3 == 0:
        say("setDaysToRespond", SetDaysToRespond(5 + number % 6))
    if number % 4 == 0:
        say("setSalesReps", SetSalesReps((COLLECTORS[number // 4 % len(COLLECTORS)],)))


def keep(diary: Diary, today: date, number: int, worked: Worked, user_id: str) -> None:
    """Note contacts, notes and user-defined fields of an account."""
    company_id, cust_id = worked.key
    first = worked.documents[0]
    asked = account_asked(*worked.key)
    day = today - timedelta(10 + number % 15)
    contact_id = work_id("contact", *worked.key)
    person = Person(
        cntct_name=pick(CONTACT_NAMES, number),
        cntct_title=pick(CONTACT_TITLES, number),
        cntct_email_addr=f"payables{number}@example.net",
        cntct_comment="Knows when the next payment run is.",
    )
    contact = ContactDocument(
        company_id, cust_id, contact_id, person, include_in_automated_email=number % 2 == 0
    )
    key = (company_id, cust_id, contact_id)
    adding = AddContact(contact, day)
    diary.note(day, user_id, "addContact", CONTACT, key, adding, contact_id, [asked])
    note_id = work_id("note", *worked.key)
    noting = AddAccountNote(note_id, pick(ACCOUNT_NOTES, number), day)
    diary.note(day, user_id, "addAccountNote", ACCOUNT, worked.key, noting, note_id)
    note_id = work_id("invoice-note", company_id, first.tran_id)
    tran_ids = tuple(one.tran_id for one in worked.documents[:2])
    noted_on = max(day, *(one.tran_date for one in worked.documents[:2]))
    diary.note(
        noted_on,
        user_id,
        "addInvoiceNote",
        INVOICE_NOTE,
        (note_id,),
        AddInvoiceNote(note_id, company_id, tran_ids, pick(INVOICE_NOTES, number), noted_on),
        note_id,
        documents_asked(company_id, tran_ids),
    )
    if number % 2 == 0:
        customer, contacted = RecordType.CUSTOMER, RecordType.CONTACT
        run, best = pick(PAYMENT_RUNS, number), pick(CALL_TIMES, number)
        fill_in(diary, day, user_id, SetUserFields(customer, worked.key, udf6=run, udf7=PORTAL))
        fill_in(diary, day, user_id, SetUserFields(contacted, key, udf6=best))
    else:
        invoice = (company_id, first.tran_id)
        command = SetUserFields(RecordType.INVOICE, invoice, udf6=f"Signed, page {number % 9}")
        fill_in(diary, noted_on, user_id, command)


def fill_in(diary: Diary, day: date, user_id: str, command: SetUserFields) -> None:
    """Note user-defined fields of a record."""
    diary.note(
        day,
        user_id,
        "setUserFields",
        USER_FIELDS,
        (command.record_type.value, *command.key),
        command,
        work_id("fields", command.record_type.value, *command.key),
        [existence(command.record_type, command.key)],
    )


def keep_personal_contacts(diary: Diary, day: date, owner: str) -> None:
    """Note contacts of one's own; `owner` is whose, as the log names them."""
    for number, title in enumerate(("Lawyer, receivables", "Credit insurance")):
        contact_id = work_id("personal-contact", owner, str(number))
        person = Person(
            cntct_name=pick(CONTACT_NAMES, number + 3),
            cntct_title=title,
            cntct_primary_addr_phone=f"+1 202-555-01{number + 40}",
        )
        diary.note(
            day,
            MANAGER,
            "addPersonalContact",
            PERSONAL_CONTACT,
            (contact_id,),
            AddPersonalContact(contact_id, owner, person, day),
            contact_id,
        )
