"""Measure scans, batches, codes and verdicts, each compared with a limit that it cannot beat."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import cycle
from multiprocessing import get_context
from typing import Any

import django
import psutil
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.bench.figures import Figure, Goal, alternate
from tests.bench.stage import Stage
from tests.bench.web import rate, request, serving

SUITE = "door"
PEOPLE = 10_000
SECONDS = 3.0
CALLERS = 8
BATCH = 500
# What the server of a well-known ticket scanner reached on two cores, by its makers' own account.
TICKETS_A_SECOND = 37.0


def figures(stage: Stage) -> Iterator[Figure]:
    """Return all measures of the door and the code."""
    django.setup()
    from tests.bench.city import city
    from tests.bench.entrance import Entrance

    database = city(stage, PEOPLE, name="door")
    entrance = Entrance.open()
    rounds = stage.size.rounds
    with serving(stage, database, workers=psutil.cpu_count() or 1) as server:

        def of(making: Callable[[], bytes], *, callers: int = CALLERS) -> Callable[[], float]:
            return lambda: rate(server.port, making, callers=callers, seconds=SECONDS)

        yield from _scans(of, entrance, rounds)
        yield from _codes(of, entrance, rounds)
        yield _batches(of, entrance, rounds)
    yield _verdicts(entrance, rounds)


def _scans(of: Any, entrance: Any, rounds: int) -> Iterator[Figure]:
    codes = cycle(entrance.codes(BATCH))

    def asking(path: str) -> Callable[[], bytes]:
        """Make the same bodies, because making them takes processor time from the server."""
        return lambda: request("POST", path, entrance.device, entrance.scan(next(codes)))

    scans, inserts = alternate(
        of(asking("/api/v1/scans")), of(asking("/api/v1/bare/insert")), rounds=rounds
    )
    measure, limit = "POST scans, verified and stored", "a bare view with one equal INSERT"
    yield Figure(SUITE, measure, limit, "/s", scans, inserts, Goal(at_least=0.6))
    tickets = [TICKETS_A_SECOND] * rounds
    limit = "a ticket scanner's server on two cores"
    yield Figure(SUITE, measure, limit, "/s", scans, tickets, Goal(at_least=30))


def _codes(of: Any, entrance: Any, rounds: int) -> Iterator[Figure]:
    measure = "GET code"
    asked = request("GET", f"/api/v1/people/{entrance.person}/code", entrance.resident)
    select = request("GET", "/api/v1/bare/select", entrance.resident)
    sign = request("GET", "/api/v1/bare/sign", entrance.resident)
    first = request("GET", f"/api/v1/bare/people/{entrance.person}/code", entrance.resident)
    codes, selects, signatures, firsts = alternate(
        of(lambda: asked), of(lambda: select), of(lambda: sign), of(lambda: first), rounds=rounds
    )
    limit = "a bare view with one SELECT"
    yield Figure(SUITE, measure, limit, "/s", codes, selects, Goal(at_least=0.6))
    yield Figure(SUITE, measure, f"{limit} and one signature", "/s", codes, signatures)
    measure = "GET code, the first from a row"
    yield Figure(SUITE, measure, "GET code, renewed", "/s", firsts, codes)


def _batches(of: Any, entrance: Any, rounds: int) -> Figure:
    """Use all cores: the server has a process for each, and so has the bare verification."""
    codes = entrance.codes(BATCH)
    cores = psutil.cpu_count() or 1
    spki, signatures = entrance.spki, entrance.signatures(codes)
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:

        def raw() -> float:
            parts = [pool.submit(_verify_for, SECONDS, spki, signatures) for _ in range(cores)]
            return sum(part.result() for part in parts)

        raw()
        batches = of(lambda: _batch(entrance, codes), callers=2 * cores)
        scans, verified = alternate(lambda: BATCH * batches(), raw, rounds=rounds)
    return Figure(
        SUITE,
        f"POST scans/batch of {BATCH}, scans",
        "ES256 signatures verified on all cores",
        "/s",
        scans,
        verified,
        Goal(at_least=0.5),
    )


def _verdicts(entrance: Any, rounds: int) -> Figure:
    from healthcode.core import Rules, verify
    from verifier.recognition.trust import knowledge

    known = knowledge.current()
    codes = entrance.codes(BATCH)
    signatures = entrance.signatures(codes)
    rules = Rules()

    def verdicts() -> float:
        at = int(time.time())
        began = time.perf_counter()
        for code in codes:
            verdict = verify(code, trust=known.trust, status=known.statuses, rules=rules, at=at)
            assert verdict.reason == "ok", verdict.reason
        return len(codes) / (time.perf_counter() - began)

    verdicts()
    whole, bare = alternate(
        verdicts, lambda: _verify_for(0.2, entrance.spki, signatures), rounds=2 * rounds
    )
    return Figure(
        SUITE,
        "healthcode.core verdicts, one process",
        "its ES256 signature check alone",
        "/s",
        whole,
        bare,
        Goal(at_least=0.7),
    )


def _batch(entrance: Any, codes: Sequence[str]) -> bytes:
    at = datetime.now(UTC).isoformat()
    scans = [{"id": str(uuid.uuid4()), "code": code, "scanned_at": at} for code in codes]
    body = json.dumps({"scans": scans}).encode()
    return request("POST", "/api/v1/scans/batch", entrance.device, body)


def _verify_for(seconds: float, spki: bytes, signatures: Sequence[tuple[bytes, bytes]]) -> float:
    """Return how many signatures this process verifies a second if it does nothing else."""
    public_key = load_der_public_key(spki)
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    algorithm = ec.ECDSA(SHA256())
    done, began = 0, time.perf_counter()
    while time.perf_counter() < began + seconds:
        for signature, signed in signatures:
            public_key.verify(signature, signed, algorithm)
        done += len(signatures)
    return done / (time.perf_counter() - began)
