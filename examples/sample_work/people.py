"""Who works on the sample ledger, and the words of their site: codes, types, colours, captions."""

from datetime import date
from typing import Final

from application.consulting import user_asked
from domain.activity_type import ACTIVITY_TYPE, ActivityTypeDocument, DefineActivityType
from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.credit_score import CreditScoreRange
from domain.reason_code import REASON_CODE, DefineReasonCode
from domain.shared.record_types import RecordType
from domain.shared.standard_type import StandardType
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions, UdfCaptions
from domain.strategy import STANDARD_CLASS
from domain.user import USER, RegisterUser, UserKind, UserProfile
from domain.work_calendar import WORK_CALENDAR, SetWorkCalendar, key_of
from domain.working_days import WorkCalendar
from examples.sample_work.diary import Diary, work_id

MANAGER: Final = "MH"
"""The credit manager, whom the key of `tallystick demo` acts for."""

USERS: Final = (
    UserProfile(MANAGER, "Maren Holt", UserKind.CREDIT_MANAGER, "maren.holt@example.com"),
    UserProfile("AB", "Aoife Brandt", UserKind.CREDIT_USER, "aoife.brandt@example.com", MANAGER),
    UserProfile("JR", "Jonas Reyes", UserKind.CREDIT_USER, "jonas.reyes@example.org", MANAGER),
    UserProfile("KT", "Keiko Tanaka", UserKind.CREDIT_USER, "keiko.tanaka@example.net", MANAGER),
    UserProfile("IV", "Inès Vidal", UserKind.INQUIRY_USER, "ines.vidal@example.com", MANAGER),
)
COLLECTORS: Final = (MANAGER, "AB", "JR", "KT")
"""Who accounts are assigned to."""

REASONS: Final = (
    DefineReasonCode("SHORT", "Goods are missing from the delivery", 1),
    DefineReasonCode("DAMAGED", "Goods arrived damaged", 1),
    DefineReasonCode("PRICE", "The price is not the one ordered", 2),
    DefineReasonCode("TAX", "Tax is not what it should be", 3),
    DefineReasonCode("PO", "The purchase order number is missing", 4),
    DefineReasonCode("OTHER", "Something else"),
)
DISPUTE_REASONS: Final = ("SHORT", "PRICE", "DAMAGED", "TAX")

REMINDER_CALL: Final = "Reminder"
ACTIVITY_TYPES: Final = (
    ActivityTypeDocument(
        REMINDER_CALL,
        StandardType.PHONE,
        "Reminder call",
        2,
        "Ask for the invoice by number; note the name of who answers; agree on a date.",
    ),
    ActivityTypeDocument(StandardType.DISPUTE, StandardType.DISPUTE, "Disputed invoice", 1),
)
BUREAUS: Final = ("Creditwatch", "Ratio")
RANGES: Final = (
    CreditScoreRange("A", "A9", "#2e7d32", "low risk"),
    CreditScoreRange("B", "B9", "#f9a825", "medium risk"),
    CreditScoreRange("C", "D9", "#c62828", "high risk"),
)
SCORES: Final = ("A1", "A2", "B1", "B2", "C1", "D1")
CREDIT_CLASSES: Final = (
    CreditClassDocument("KEY", "Key accounts", "Customers whom their sales person asks first."),
    CreditClassDocument(STANDARD_CLASS, "Standard"),
    CreditClassDocument("WATCH", "Watched accounts", "Customers of doubtful standing."),
)
"""The classes of accounts, unless a strategy defined them already."""


CAPTIONS: Final = (
    UdfCaptions(
        RecordType.CUSTOMER,
        udf1="Purchase order",
        udf2="Industry",
        udf6="Payment run",
        udf7="Portal of the customer",
    ),
    UdfCaptions(RecordType.INVOICE, udf1="Project", udf6="Proof of delivery"),
    UdfCaptions(RecordType.CONTACT, udf6="Best time to call"),
)
CAPTIONS_KEY: Final = work_id("captions")
"""The key of the command that ends the work: who finds it carried out finds everything done."""


def set_up(diary: Diary, day: date) -> None:
    """Note on a day what must be there before anybody works: users, options, codes and so on."""
    for profile in USERS:
        diary.note(
            day,
            MANAGER,
            "registerUser",
            USER,
            (profile.user_id,),
            RegisterUser(profile),
            work_id("user", profile.user_id),
            user_asked(profile.manager_id),
        )
    options = ChangeSiteOptions(
        online_payments=True, credit_bureaus=BUREAUS, credit_score_ranges=RANGES
    )
    key = work_id("options")
    diary.note(day, MANAGER, "changeSiteOptions", SITE_OPTIONS, (SITE,), options, key)
    calendar, key = SetWorkCalendar(WorkCalendar(weekend=(6, 7)), day), work_id("calendar")
    diary.note(day, MANAGER, "setWorkCalendar", WORK_CALENDAR, key_of(None), calendar, key)
    for document in CREDIT_CLASSES:
        diary.note(
            day,
            MANAGER,
            "defineCreditClass",
            CREDIT_CLASS,
            (document.class_id,),
            DefineCreditClass(document, only_new=True),
            work_id("class", document.class_id),
        )
    for reason in REASONS:
        key = work_id("reason", reason.code)
        diary.note(day, MANAGER, "defineReasonCode", REASON_CODE, (reason.code,), reason, key)
    for document in ACTIVITY_TYPES:
        diary.note(
            day,
            MANAGER,
            "defineActivityType",
            ACTIVITY_TYPE,
            (document.code,),
            DefineActivityType(document),
            work_id("type", document.code),
        )


def caption_fields(diary: Diary, day: date) -> None:
    """Note on a day what the site calls its user-defined fields."""
    captions = ChangeSiteOptions(udf_captions=CAPTIONS)
    diary.note(day, MANAGER, "changeSiteOptions", SITE_OPTIONS, (SITE,), captions, CAPTIONS_KEY)
