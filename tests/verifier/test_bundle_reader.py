"""The scanner page accepts bundles only from the service that it was enrolled with."""

import json
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.test import override_settings
from rest_framework.test import APIClient

from healthcode.core.keys import to_base64url
from healthcode.web import service_key
from tests.core.test_typescript import node
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from tests.verifier.test_bundles import opened
from verifier.doors.bundles import TYP

READER = Path(__file__).with_name("read_bundle.ts")
JsonAnswer = dict[str, Any]


def read(*cases: tuple[str, JsonAnswer, str | None]) -> list[str]:
    """Return what the page makes of each case: a bundle, the keys, the bundle it already has."""
    document = [{"bundle": bundle, "keys": keys, "held": held} for bundle, keys, held in cases]
    done = subprocess.run(
        [node(), "--no-warnings", str(READER)],
        input=json.dumps(document).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    results: list[str] = json.loads(done.stdout)
    return results


def test_only_bundles_of_the_own_service_are_accepted(door: APIClient, zhejiang: Authority) -> None:
    answer = door.get("/api/v1/devices/bundle").json()
    bundle, keys = answer["bundle"], answer["keys"]
    content = opened(answer)
    with override_settings(SECRET_KEY="another secret of fifty random characters or so"):
        strangers = service_key.signed(content, typ=TYP)
    head, _body, tail = bundle.split(".")
    eased = {**content, "rules": {**content["rules"], "admits": {"red": "pass"}}}
    altered = f"{head}.{to_base64url(json.dumps(eased).encode())}.{tail}"
    doubt = {"kind": "often", "scans": 6, "last_at": 1581206400, "doors": ["北门"]}
    assert read(
        (bundle, keys, None),
        (bundle, keys, bundle),
        (strangers, keys, None),
        (altered, keys, None),
        (service_key.signed(content, typ="health-code-trust+jws"), keys, None),
        (service_key.signed({**content, "more": 1}, typ=TYP), keys, None),
        (service_key.signed({**content, "rules": []}, typ=TYP), keys, None),
        (service_key.signed({**content, "doubts": [doubt]}, typ=TYP), keys, None),
        (service_key.signed({**content, "doubts": [{**doubt, "who": ""}]}, typ=TYP), keys, None),
        ("", keys, None),
    ) == [
        "湖滨地铁站 caution CN-33",
        "湖滨地铁站 caution CN-33",
        "not_trusted",
        "not_trusted",
        "malformed",
        "malformed",
        "malformed",
        "湖滨地铁站 caution CN-33",
        "malformed",
        "malformed",
    ]


def test_only_optional_members_may_be_added(door: APIClient, zhejiang: Authority) -> None:
    """Each object may have the extra member `optional`. Any other extra member is refused."""
    answer = door.get("/api/v1/devices/bundle").json()
    content = opened(answer)
    doubt = {"kind": "often", "scans": 6, "last_at": 1581206400, "doors": ["北门"]}

    def with_more(more: JsonAnswer) -> list[JsonAnswer]:
        """Return copies of the bundle, each with an extra member in one place."""
        (issuer,), (listed,) = content["issuers"], content["status_lists"]
        return [
            {**content, "rules": {**content["rules"], **more}},
            {**content, "issuers": [{**issuer, **more}]},
            {**content, "status_lists": [{**listed, **more}]},
            {**content, "doubts": [{**doubt, **more}]},
            {**content, **more},
        ]

    def results(more: JsonAnswer) -> list[str]:
        bundles = [service_key.signed(changed, typ=TYP) for changed in with_more(more)]
        return read(*((bundle, answer["keys"], None) for bundle in bundles))

    later = {"optional": {"since": 7, "remarks": ["a", True], "named": {"a": ["b"]}}}
    assert results(later) == ["湖滨地铁站 caution CN-33"] * 5
    assert results({"more": 1}) == ["malformed"] * 5
    assert results({"optional": 1}) == ["malformed"] * 5
    assert results({"optional": {"a": {"b": {"c": 1}}}}) == ["malformed"] * 5


def test_an_older_bundle_is_refused(
    door: APIClient, zhejiang: Authority, now: datetime, clock_at: ClockAt
) -> None:
    """A replayed old bundle could make a withdrawn key valid again."""
    with clock_at(now - timedelta(minutes=5)):
        older = door.get("/api/v1/devices/bundle").json()
    newer = door.get("/api/v1/devices/bundle").json()
    keys = newer["keys"]
    assert read(
        (older["bundle"], keys, newer["bundle"]), (newer["bundle"], keys, older["bundle"])
    ) == ["went_backwards", "湖滨地铁站 caution CN-33"]
