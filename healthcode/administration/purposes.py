"""The closed list of purposes for which somebody may report, ask or decide."""

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from healthcode.evidence.models import ReportKind
from verifier.partners.services import SANDBOX, VERIFY


class Purpose(models.TextChoices):
    """For what somebody has a grant. It follows from the grant. A value is never renamed."""

    REPORT_STAYS = (
        "report-stays",
        _("Reports who stayed in which area, so that the rules for areas at risk can be applied."),
    )
    REPORT_CONTACTS = (
        "report-contacts",
        _("Reports who met a case, so that the contacts are warned."),
    )
    REPORT_CASES = "report-cases", _("Reports who has the disease.")
    REPORT_TESTS = "report-tests", _("Reports results of tests.")
    REPORT_PRESENCES = (
        "report-presences",
        _("Reports who was at which place, so that an officer can find the contacts of a case."),
    )
    VERIFY_CODES = (
        "verify-codes",
        _("Checks codes that people show. It learns the colour, and never the reason."),
    )
    TEST_SOFTWARE = "test-software", _("Tests its software with invented codes.")
    ANSWER_FOR_AREA = (
        "answer-for-area",
        _("Publishes risk maps, traces contacts and corrects facts in an area."),
    )
    ADMINISTER = "administer", _("Gives and takes the right to do all this.")
    CHECK_AT_DOORS = "check-at-doors", _("Checks the codes of visitors at the door of a place.")


OF_KIND: Final[Mapping[ReportKind, Purpose]] = {
    ReportKind.STAYS: Purpose.REPORT_STAYS,
    ReportKind.CONTACTS: Purpose.REPORT_CONTACTS,
    ReportKind.CASES: Purpose.REPORT_CASES,
    ReportKind.TESTS: Purpose.REPORT_TESTS,
    ReportKind.PRESENCES: Purpose.REPORT_PRESENCES,
}
OF_SCOPE: Final[Mapping[str, Purpose]] = {
    VERIFY: Purpose.VERIFY_CODES,
    SANDBOX: Purpose.TEST_SOFTWARE,
}
OF_STAFF: Final[Mapping[Role, Purpose | None]] = {
    Role.RESIDENT: None,
    Role.OFFICER: Purpose.ANSWER_FOR_AREA,
    Role.VENUE_MANAGER: Purpose.CHECK_AT_DOORS,
    Role.SOURCE: None,
    Role.PARTNER: None,
    Role.ADMINISTRATOR: Purpose.ADMINISTER,
}
"""For what staff have a role; None for those who are no staff."""
