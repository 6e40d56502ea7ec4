"""The HTTP interface for devices at doors: enrolment, scans, data for work without network."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.client import address
from healthcode.core import Reason, jwk_set
from healthcode.core.status import CONTENT_TYPE as STATUS_LIST
from healthcode.web import problems, service_key
from healthcode.web.answers import json_answer
from healthcode.web.errors import NotFound, Refusal, TooMany
from healthcode.web.refusals import refuses
from verifier.doors.authentication import DeviceAuthentication, IsDevice
from verifier.doors.bundles import signed_bundle, status_list
from verifier.doors.enrolment import enrol, leave
from verifier.doors.reading import BatchParser, OfflineScans, ScanParser, offline_scan
from verifier.doors.scanning import Answer, EnrolledDevice, NewScan, scan, scan_all
from verifier.doors.serializers import (
    BatchInput,
    BatchOutput,
    BundleOutput,
    EnrolInput,
    EnrolOutput,
    OfflineScanInput,
    ScanInput,
    ScanOutput,
    scan_answer,
)
from verifier.errors import EnrolmentCodeNotValid, ScanIdReused
from verifier.messages import Sentences


class EnrolView(APIView):
    """Enrolment of a device. It is public, because the one-time code is the proof."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @refuses(EnrolmentCodeNotValid, TooMany)
    @extend_schema(request=EnrolInput, responses=EnrolOutput)
    def post(self, request: Request) -> Response:
        """Enrol a device with the one-time code that the venue's manager made."""
        given = _valid(EnrolInput(data=request.data))
        enrolled = enrol(
            enrolment_code=given["enrolment_code"], sender=address(request), at=timezone.now()
        )
        device = enrolled.device
        return Response(
            {
                "token": enrolled.token,
                "device": device.pk,
                "venue": device.venue_id,
                "venue_name": device.venue.name,
            },
            headers={"Cache-Control": "no-store"},
        )


class DoorTokenView(APIView):
    """The token of a device."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """End the token, because the device leaves its venue. Send waiting scans before."""
        leave(door=_door(request))
        return Response(status=204)


class ScanView(APIView):
    """Scans, one at a time, while the door has network."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)
    parser_classes = (ScanParser,)

    @refuses(ScanIdReused)
    @extend_schema(request=ScanInput, responses=ScanOutput)
    def post(self, request: Request) -> HttpResponse:
        """Judge a code and record the scan. A repeated id gets the first answer again."""
        sent = request.data
        new = sent if isinstance(sent, NewScan) else _valid(ScanInput(data=sent))
        answer = scan(door=_door(request), new=new, at=timezone.now())
        return json_answer(scan_answer(answer, new.code))


class ScanBatchView(APIView):
    """Scans that devices made without network and send later."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)
    parser_classes = (BatchParser,)

    @extend_schema(request=BatchInput, responses=BatchOutput)
    def post(self, request: Request) -> HttpResponse:
        """Record scans that were made without network. Each has a result of its own."""
        sent = request.data
        checked = sent.scans if isinstance(sent, OfflineScans) else _checked(sent)
        taken = [item for item in checked if isinstance(item, NewScan)]
        answers = iter(scan_all(door=_door(request), scans=taken, offline=True, at=timezone.now()))
        known = Sentences()
        results = [
            _result(item, next(answers), known) if isinstance(item, NewScan) else item
            for item in checked
        ]
        accepted = sum(result["problem"] is None for result in results)
        return json_answer(
            {"accepted": accepted, "rejected": len(results) - accepted, "results": results}
        )


class BundleView(APIView):
    """The data with which a door judges codes without network."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)

    @extend_schema(responses=BundleOutput)
    def get(self, request: Request) -> Response:
        """Return the door's rules, the issuers' keys, and the status lists to fetch, signed.

        A device keeps the keys of its first bundle. From then on it accepts only bundles that these
        keys signed.
        """
        return Response(
            {
                "bundle": signed_bundle(door=_door(request), at=timezone.now()),
                "keys": jwk_set([service_key.public_key()]),
            },
            headers={"Cache-Control": "no-store"},
        )


class StatusListView(APIView):
    """Status lists for doors, because a door may reach only this service and not the issuers."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)

    @refuses(NotFound)
    @extend_schema(
        parameters=[
            OpenApiParameter(
                "uri", str, required=True, description="The list's address, as codes state it"
            )
        ],
        responses={(200, STATUS_LIST): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return a status list as its issuer signed it."""
        found = status_list(request.query_params.get("uri", ""))
        answer = HttpResponse(found.token, content_type=STATUS_LIST)
        answer["ETag"] = f'"{found.version}"'
        return answer


def _valid(serializer: Serializer[Any]) -> Any:
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _door(request: Request) -> EnrolledDevice:
    """Return the door that asks. The view's permission has already refused everybody else."""
    if not isinstance(request.user, EnrolledDevice):
        raise NotAuthenticated
    return request.user


def _checked(sent: object) -> Sequence[NewScan | dict[str, object]]:
    """Check each scan of a batch that is not right as a whole. A bad scan becomes its result."""
    # One serializer for all scans: making one for each took longer than judging its code.
    serializer = OfflineScanInput()
    return [
        offline_scan(item) or _explained(serializer, item)
        for item in _valid(BatchInput(data=sent))["scans"]
    ]


def _explained(serializer: OfflineScanInput, item: dict[str, Any]) -> NewScan | dict[str, object]:
    try:
        new: NewScan = serializer.run_validation(item)
    except ValidationError as error:
        return {"id": _named(item), "answer": None, "problem": problems.validation_document(error)}
    return new


def _result(
    item: NewScan, answer: Answer | Refusal, known: Mapping[Reason, str]
) -> dict[str, object]:
    if isinstance(answer, Refusal):
        return {
            "id": str(item.id),
            "answer": None,
            "problem": problems.refusal_document(answer),
        }
    told = scan_answer(answer, item.code, known)
    return {"id": told["id"], "answer": told, "problem": None}


def _named(raw: dict[str, Any]) -> str | None:
    """Return the id of a scan that could not be read, if it has one; at most 36 characters."""
    scan_id = raw.get("id")
    return scan_id[:36] if isinstance(scan_id, str) else None
