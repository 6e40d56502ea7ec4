"""`python -m tests.upgrade.fill DEMO STATE`: fill an empty database with some of everything.

The service itself writes everything, through its commands and its interface. DEMO gets the logins,
STATE what the test of upgrading looks for.
"""

import json
import sys
import tempfile
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import django

PEOPLE: Final = 40
SENT_GROUND: Final = {"ground_kind": "operations", "ground": "Order No. 7 of February"}
WELL: Final = {"symptoms": [], "stays": [], "contact_with_case": False}
TIMES_AT_ONE_DOOR: Final = 7


class Filled:
    """Calls the service from inside, as its clients call it."""

    def __init__(self, demo: dict[str, Any], *, at: datetime) -> None:
        from django.test import Client

        self.demo, self.at, self.client = demo, at, Client()

    def call(self, method: str, name: str, who: str, body: object = None, *where: object) -> Any:
        """Make one call of the interface, by the name of its route; return the answer."""
        from django.urls import reverse

        sent = {} if body is None else {"data": json.dumps(body)}
        answer = getattr(self.client, method)(
            reverse(name, args=where),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.demo[who]['token']}"},
            **sent,
        )
        assert answer.status_code < 300, (name, answer.status_code, answer.content)
        return answer.json() if answer.content else None

    def people(self) -> None:
        """Register a person with a child, a mother and a guest, and let them declare."""
        from tests.evidence.ministry import GERMANY, trust

        newcomer = {"name": "Erika Mustermann", "id_type": "20", "id_number": "C01X00T47"}
        newcomer |= {"home_area": "330106", "relation": "other"}
        erika = self.call("post", "api-people", "resident", newcomer)["id"]
        for person in self.call("get", "api-people", "resident"):
            self.call("post", "declarations", "resident", {"person": person["id"], **WELL})
        own = self.demo["resident"]["person"]
        check_in = {"person": own, "symptoms": [], "temperature": "36.5"}
        self.call("post", "check-ins", "resident", check_in)
        self.call("post", "api-otp", "resident", {"phone": "13900000077"})
        with tempfile.TemporaryDirectory() as folder:
            trust(Path(folder), GERMANY, officer="demo.officer")
        shown = GERMANY.test(self.at - timedelta(hours=5))
        entered = {"certificate": shown, "person": erika, **SENT_GROUND}
        self.call("post", "api-officers-certificates", "officer", entered)

    def sources(self) -> None:
        """Let a source report, and an officer withdraw one of its lines."""
        from healthcode.evidence.models import Evidence, EvidenceKind

        case = Evidence.objects.filter(kind=EvidenceKind.CASE).earliest("pk")
        others = Evidence.objects.exclude(person=case.person).order_by("person_id")
        near = others.values_list("person_id", flat=True).distinct()[:3]
        person, day = int(near[0]), self.at.date()
        stay = {"person": person, "area": "330106"}
        stay |= {"from": f"{day - timedelta(days=6)}", "to": f"{day - timedelta(days=4)}"}
        line = self.call("post", "evidence", "source", stay, "stays")
        self.call("post", "evidence-withdrawal", "officer", SENT_GROUND, line["results"][0]["id"])
        starts = case.starts - timedelta(hours=3)
        times = {"from": starts.isoformat(), "to": (starts + timedelta(hours=8)).isoformat()}
        home = {"kind": "household", "place": "A-1", "area": "330106", **times}
        train = {"kind": "train", "place": "G7521", "carriage": 3, "sure": True, **times}
        presences = [
            {"person": who, **where} for where in (home, train) for who in (case.person_id, *near)
        ]
        presences = [{**one, "row": 5} if one["kind"] == "train" else one for one in presences]
        self.call("post", "presences", "source", {"presences": presences})
        self.inquire(case.pk, person, times)

    def inquire(self, case: int, person: int, times: dict[str, str]) -> None:
        """Let an officer ask whom a case met, add a meeting, and confirm the chain."""
        from healthcode.scan_tracing.inquiries import place

        opened = self.call("post", "inquiries", "officer", {"case": case, **SENT_GROUND})
        met = {"person": person, **SENT_GROUND, **times}
        self.call("post", "inquiry-meetings", "officer", met, opened["id"])
        place(opened["id"], at=self.at)
        seen = self.call("get", "inquiry", "officer", None, opened["id"])
        confirmed = {**SENT_GROUND, "fingerprint": seen["fingerprint"]}
        self.call("post", "inquiry-confirmation", "officer", confirmed, opened["id"])

    def doors(self) -> dict[str, Any]:
        """Show a code at a door, too often, and to a partner; return what the test looks for."""
        from healthcode.tools.demo import province
        from verifier.doors import doubts

        province.open_doors(at=self.at)
        person = self.demo["resident"]["person"]
        code = self.call("get", "code", "resident", None, person)
        scans = [{"id": str(uuid.uuid4()), "code": code["code"]} for _ in range(TIMES_AT_ONE_DOOR)]
        verdicts = [self.call("post", "scans", "device", scan) for scan in scans]
        offline = {"id": str(uuid.uuid4()), "code": code["code"]}
        offline |= {"scanned_at": code["issued_at"], "given_outcome": "pass", "given_reason": "ok"}
        self.call("post", "scan-batch", "device", {"scans": [offline]})
        doubts.look(at=self.at + timedelta(minutes=4))
        self.partner(code["code"])
        reason = verdicts[0]["reason"]
        known = {name: code[name] for name in ("code", "issued_at", "colour")}
        return {**known, "reason": reason, "demo": self.demo}

    def partner(self, code: str) -> None:
        """Let a partner's machine get a token and ask."""
        from tests.verifier.partner import PartnerMachine
        from verifier.partners import services

        machine = PartnerMachine("cn-32")
        services.register(
            name=machine.name,
            keys=machine.public_keys(),
            scopes=["verify"],
            codes_per_minute=60,
            contact="",
            at=self.at,
        )
        granted = machine.asks(assertion=machine.assertion(at=self.at)).json()
        self.demo["machine"] = {"token": granted["access_token"]}
        self.call("post", "verifications", "machine", {"code": code})
        del self.demo["machine"]

    def officers(self) -> None:
        """Publish a second policy and map, log in on a page, leave a recomputation unfinished."""
        from accounts.models import Account
        from healthcode.acts.grounds import Ground, GroundKind
        from healthcode.colours import batches
        from healthcode.colours.models import Cause
        from healthcode.colours.policy import SHIPPED
        from healthcode.colours.recompute import request, run
        from healthcode.colours.selectors import open_recomputations
        from healthcode.colours.services import publish_policy

        officer = Account.objects.get(username="demo.officer")
        older = SHIPPED.with_name("CN-33-2020-02.toml")
        publish_policy(
            account=officer,
            text=older.read_text(encoding="utf-8"),
            holds_from=self.at,
            ground=Ground(GroundKind.OPERATIONS, SENT_GROUND["ground"]),
            at=self.at,
            file=older.name,
        )
        levels = [{"code": "330127", "level": "yellow"}]
        day = self.at.date().isoformat()
        levels_input = {"effective_from": day, **SENT_GROUND, "levels": levels}
        self.call("put", "levels", "officer", levels_input)
        self.client.force_login(officer)
        for recomputation in open_recomputations():
            run(recomputation.pk)
        batches.PEOPLE_A_BATCH = PEOPLE // 4
        request(cause=Cause.POLICY)
        for recomputation in open_recomputations():
            run(recomputation.pk, batches=1)


def main(demo_file: str, state_file: str) -> None:
    """Fill the database."""
    django.setup()
    from django.utils import timezone

    from healthcode.tools.demo import province
    from healthcode.tools.run import prepare

    province.PEOPLE = PEOPLE
    prepare.main(demo_file)
    filled = Filled(json.loads(Path(demo_file).read_text()), at=timezone.now())
    filled.people()
    filled.sources()
    filled.officers()
    known = filled.doors()
    Path(state_file).write_text(json.dumps(known, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
