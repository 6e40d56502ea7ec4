"""What sources, officers and time do to facts: for the tests of the audit."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Account, Grant, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import append_older_acts
from healthcode.acts.services import record_act
from healthcode.audit.services import begin_audit, go_on
from healthcode.colours.retention import erase_evidence
from healthcode.evidence.held import erase_held
from healthcode.evidence.models import Evidence, HeldLine, ReportKind, SourceBatch, SourceGrant
from healthcode.evidence.ndjson import NumberedLine
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.officers.held_lines.services import confirm_lines, reject_lines
from healthcode.sources.evidence import EvidenceReport, report_evidence
from tests.acts import GROUND
from tests.colours import world

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_source() -> Account:
    """Make a source that may report everything of Hangzhou, and make two people red in a day."""
    source = Account.objects.create(username=f"source-{Account.objects.count()}")
    grant = Grant.objects.create(account=source, role=Role.SOURCE, area="3301")
    SourceGrant.objects.create(grant=grant, kinds=ReportKind.values, reddening_lines_a_day=2)
    return source


@dataclass
class History:
    """A source, an officer, people in Hangzhou, and an hour that goes on with each event."""

    source: Account = field(default_factory=a_source)
    officer: Account = field(default_factory=world.officer)
    people: list[int] = field(default_factory=lambda: world.people(6, home="330106"))
    at: datetime = field(default_factory=lambda: timezone.now() - 60 * DAY)

    def later(self) -> datetime:
        """Let an hour pass."""
        self.at += HOUR
        return self.at

    def cases(
        self, people: Collection[int], *, recovered: bool = False, **members: Any
    ) -> EvidenceReport:
        """Report a case of each of these people (by place); a line that is refused comes first."""
        at = self.later()
        ends = {"recovered_at": (at - DAY).isoformat()} if recovered else {}
        line = {"status": "confirmed", "confirmed_at": "2020-02-01", **ends, **members}
        lines = [{"person": self.people[n], "reference": f"{n}", **line} for n in people]
        return report_evidence(
            source=self.source,
            kind="cases",
            lines=[NumberedLine(n, one) for n, one in enumerate([{}, *lines], 1)],
            at=at,
        )

    def decide(self, *, confirm: bool, lines: Collection[int] | None = None) -> None:
        """Confirm or reject held lines of the newest report that has some; do nothing without."""
        held = HeldLine.objects.filter(rejected_by=None).order_by("-batch").first()
        if held is None:
            return
        what = confirm_lines if confirm else reject_lines
        what(
            account=self.officer,
            batch_id=held.batch_id,
            lines=lines,
            fingerprint=waiting_lines(self.officer, held.batch_id).fingerprint,
            ground=GROUND,
            at=self.later(),
        )


def erased(history: History, person: int) -> None:
    """Erase what is known about a person, as the erasure does."""
    record_act(
        account=history.officer,
        role=Role.OFFICER,
        kind=ActKind.PERSON_ERASED,
        area="",
        ground=GROUND,
        detail={"person": person},
        at=history.later(),
    )
    erase_evidence(person, history.at)
    erase_held(person, history.at)


def findings() -> set[tuple[str, int, int]]:
    """Audit to the end; return kind, number and line of everything that was found."""
    # The world makes acts without leaves.
    append_older_acts()
    begun = begin_audit(at=timezone.now())
    while begun.finished_at is None:
        go_on(begun, at=timezone.now())
    return {
        (str(kind), *rest) for kind, *rest in begun.findings.values_list("kind", "number", "line")
    }


def newest_fact() -> Evidence:
    return Evidence.objects.latest("pk")


def newest_report() -> SourceBatch:
    return SourceBatch.objects.latest("pk")
