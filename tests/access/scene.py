"""The callers, and the things that they ask for: one of each kind, each with an owner."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.test import Client

from accounts.admission import NewPerson
from accounts.models import Account, Guardianship, Relation, Role
from accounts.services import issue_token, set_open
from healthcode.acts.log import keys as log_keys
from healthcode.acts.log import sequencer
from healthcode.areas.models import Area
from healthcode.codes import keys
from healthcode.codes.status_lists import indexes
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.evidence.models import Evidence, EvidenceKind, HeldLine
from healthcode.evidence.ndjson import NumberedLine
from healthcode.evidence.services import NewFact, record
from healthcode.evidence.traits import Trait
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.officers.held_lines.services import confirm_lines
from healthcode.officers.proofs.services import see_document
from healthcode.officers.visits.services import declare_at_desk
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.residents.declarations.services import declare
from healthcode.sources.evidence import report_evidence
from healthcode.tracing.meetings import declare_meeting
from healthcode.tracing.models import Inquiry
from healthcode.tracing.services import open_inquiry
from tests.accounts.proving import proves_itself
from tests.acts import GROUND
from tests.codes.conftest import HEALTHY
from tests.evidence.conftest import World, staff
from verifier.doors.enrolment import enrol
from verifier.models import Device, Venue
from verifier.venues.services import add_device, create_venue, revoke

IDENTITIES: Final = (
    *("anonymous", "expired", "closed", "no_role"),
    *("resident", "guardian", "other_resident"),
    *("officer", "officer_elsewhere", "source", "partner", "partner_sandbox"),
    *("device", "device_elsewhere", "device_revoked", "manager", "manager_elsewhere"),
)
"""Who asks. `resident` and `guardian` look after the person in question; `officer`, `device` and
`manager` are those of its area and of the venue in question, the others are elsewhere."""


@dataclass
class Scene:
    """A world of evidence with a case, an inquiry, a venue, and a client for each caller."""

    world: World
    now: datetime
    clients: dict[str, Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys.keyring.forget()
        indexes.known_parts.forget()
        keys.make_key(starts=self.now - timedelta(days=1), signs_for=timedelta(days=90))
        Area.objects.create(code="31", name="上海市")
        Area.objects.create(code="310101", name="黄浦区")
        person = self.world.person
        declare(account=self.world.zhang, person=person, declaration=HEALTHY, at=self.now)
        facts = [
            self._fact(EvidenceKind.STAY, area="330203", days=3),
            self._fact(EvidenceKind.CASE, traits=(Trait.CONFIRMED,), days=2),
        ]
        stay, case = record(source=self.world.source, facts=facts, at=self.now).ids
        assert stay is not None
        assert case is not None
        self.stay, self.case = stay, case
        self._come_to_the_desk()
        self._hold()
        self._inquire()
        # The withdrawal of a case waits for a second officer.
        self.proposal = withdraw_evidence(
            account=staff("proposer", Role.OFFICER, "33"),
            evidence_id=case,
            ground=GROUND,
            at=self.now,
        )
        self.recomputation: Recomputation = request(cause=Cause.EVIDENCE, people=[person.pk])
        self._people()
        self._doors()
        log_keys.make_keys(at=self.now)
        sequencer.extend(at=self.now)

    def _fact(self, kind: EvidenceKind, *, days: int, **more: Any) -> NewFact:
        starts = self.now - timedelta(days=days)
        return NewFact(self.world.person.pk, kind, starts, starts + timedelta(hours=8), **more)

    def _come_to_the_desk(self) -> None:
        """Let the officer see the document of somebody without a telephone, who declares."""
        seen = NewPerson("王秀英", "20", "E66666666", "330106")
        _person, act = see_document(
            account=self.world.officer,
            phone=None,
            relation=None,
            seen=seen,
            ground=GROUND,
            at=self.now,
        )
        self.visit: int = act.pk
        declare_at_desk(
            account=self.world.officer,
            act_id=self.visit,
            declaration=HEALTHY,
            ground=GROUND,
            at=self.now,
        )

    def _hold(self) -> None:
        """Let a source report something beyond its grant."""
        case = {"person": self.world.person.pk, "status": "suspected"}
        lines = [NumberedLine(1, {**case, "confirmed_at": self.now.isoformat()})]
        source = Account.objects.create(username="without-grant")
        report_evidence(source=source, kind="cases", lines=lines, at=self.now)
        self.held = HeldLine.objects.get()
        result = {"result": "negative", "sampled_at": self.now.isoformat()}
        lines = [NumberedLine(1, {"person": self.world.person.pk, **result})]
        report_evidence(source=source, kind="tests", lines=lines, at=self.now)
        batch = HeldLine.objects.latest("pk").batch_id
        done = confirm_lines(
            account=self.world.officer,
            batch_id=batch,
            lines=None,
            fingerprint=waiting_lines(self.world.officer, batch).fingerprint,
            ground=GROUND,
            at=self.now,
        )
        self.confirmed = done.act
        self.reported = Evidence.objects.get(batch=batch).pk

    def _inquire(self) -> None:
        officer, ground = self.world.officer, GROUND
        self.inquiry: Inquiry = open_inquiry(
            account=officer,
            evidence_id=self.case,
            infectious_from=None,
            infectious_until=None,
            ground=ground,
            at=self.now,
        )
        self.met_at = starts = self.now - timedelta(days=2, hours=2)
        self.meeting = declare_meeting(
            account=officer,
            inquiry_id=self.inquiry.pk,
            person=self.world.stranger.pk,
            starts=starts,
            ends=starts + timedelta(hours=1),
            ground=ground,
            at=self.now,
        )

    def _people(self) -> None:
        world = self.world
        guardian = staff("guardian", Role.RESIDENT, "")
        Guardianship.objects.create(
            account=guardian, person=world.person, relation=Relation.PARENT, since=self.now
        )
        closed = staff("closed", Role.RESIDENT, "")
        Guardianship.objects.create(
            account=closed, person=world.person, relation=Relation.OTHER, since=self.now
        )
        other = world.stranger.guardianships.get().account
        self.enter("anonymous", None)
        self.enter("expired", world.zhang, expired=True)
        self.enter("closed", closed)
        set_open(account=closed, is_open=False)
        self.enter("no_role", Account.objects.create(username="nobody"))
        self.enter("resident", world.zhang)
        self.enter("guardian", guardian)
        self.enter("other_resident", other)
        self.enter("officer", world.officer)
        self.enter("officer_elsewhere", staff("officer-31", Role.OFFICER, "31"))
        self.enter("source", world.source)
        # No column of the table: test_administrators.py says what an administrator gets.
        self.enter("administrator", staff("administrator", Role.ADMINISTRATOR, "33"))
        partner = staff("partner", Role.PARTNER, "")
        self.enter("partner", partner)
        self.enter("partner_sandbox", partner, scope="sandbox")

    def _doors(self) -> None:
        manager = staff("manager", Role.VENUE_MANAGER, "33")
        elsewhere = staff("manager-2", Role.VENUE_MANAGER, "33")
        self.venue = create_venue(manager=manager, name="湖滨站", area="330106", at=self.now)
        second = create_venue(manager=elsewhere, name="城站", area="330106", at=self.now)
        self.device = self._door("device", self.venue)
        self._door("device_elsewhere", second)
        revoke(device=self._door("device_revoked", self.venue), at=self.now)
        self.enter("manager", manager)
        self.enter("manager_elsewhere", elsewhere)

    def _door(self, name: str, venue: Venue) -> Device:
        enrolment = add_device(venue=venue, label=name, at=self.now)
        enrolled = enrol(enrolment_code=enrolment.code, sender="192.0.2.1", at=self.now)
        self.clients[name] = _client(enrolled.token)
        return enrolled.device

    def enter(
        self, name: str, account: Account | None, *, expired: bool = False, scope: str = ""
    ) -> None:
        """Return a client with a token for the interface and a session for pages."""
        if account is None:
            self.clients[name] = _client(None)
            return
        expires_at = self.now + timedelta(hours=-1 if expired else 1)
        token = issue_token(account=account, label="", expires_at=expires_at, scope=scope)
        self.clients[name] = _client(token)
        if not expired:
            self.clients[name].force_login(account)
            proves_itself(account, self.clients[name])


def _client(token: str | None) -> Client:
    headers = {"Accept-Language": "en"}
    return Client(headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}))
