"""Views that only run one statement each: the limits that the service's views cannot beat."""

import uuid
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from healthcode.codes.api import CodeView
from healthcode.codes.asked_rows import asked_rows
from healthcode.urls import *  # noqa: F403 - with its handlers
from healthcode.urls import urlpatterns as own
from healthcode.web.days import day_of
from verifier.doors.recording import ScanRow

_COLUMNS = ", ".join(ScanRow._fields)
INSERT = (
    f"INSERT INTO verifier_scan ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(ScanRow._fields))})"  # noqa: S608 - names of columns
)
KEY = generate_private_key(SECP256R1())
SELECT = "SELECT person_id, colour, since, changes FROM colours_personcolour WHERE person_id = %s"


@csrf_exempt
def insert(_request: HttpRequest) -> HttpResponse:
    """Write one scan with all its columns."""
    now = datetime.now(UTC)
    row = ScanRow(
        day=day_of(now),
        id=uuid.uuid4(),
        venue_id=1,
        device_id=1,
        scanned_at=now,
        received_at=now,
        offline=False,
        outcome="pass",
        reason="ok",
        given_outcome="",
        given_reason="",
        colour=0,
        issuer="CN-33",
        issued_at=now,
        shown_at=now,
        age_seconds=1,
        status_uri="https://example.org/s/20200224",
        status_idx=1,
        code_digest=bytes(32),
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, row)
    return JsonResponse({"id": str(row.id)})


def select(_request: HttpRequest) -> HttpResponse:
    """Read one row."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT, [1])
        row = cursor.fetchone()
    return JsonResponse({"colour": row[1] if row else None})


def sign(_request: HttpRequest) -> HttpResponse:
    """Read one row, and sign as many bytes as a code has."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT, [1])
        cursor.fetchone()
    return JsonResponse({"signature": KEY.sign(bytes(186), ECDSA(SHA256())).hex()})


class FirstCodeView(CodeView):
    """Sign a code from a row about which this process has not asked yet."""

    schema = None

    def get(self, request: Request, person: int) -> HttpResponse:
        """Forget the row, and answer as the service does."""
        asked_rows.forget(person)
        return super().get(request, person)


urlpatterns = [
    path("api/v1/bare/people/<int:person>/code", FirstCodeView.as_view()),
    path("api/v1/bare/insert", insert),
    path("api/v1/bare/select", select),
    path("api/v1/bare/sign", sign),
    *own,
]
