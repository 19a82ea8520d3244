"""What those who are let in may do (USR-02, USR-05, USR-06)."""

from enum import StrEnum


class Role(StrEnum):
    """What a key may do (DESIGN section 9)."""

    ADMIN = "admin"
    CREDIT_MANAGER = "credit_manager"
    CREDIT_USER = "credit_user"
    INQUIRY_USER = "inquiry_user"
    AUDITOR = "auditor"
