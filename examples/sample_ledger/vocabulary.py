"""Companies, names, words and comments: all invented."""

from typing import Final

import msgspec


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
