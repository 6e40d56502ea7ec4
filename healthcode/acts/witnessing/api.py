"""Take checkpoints of other logs, as C2SP tlog-witness says."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from healthcode.acts.witnessing import services
from healthcode.acts.witnessing.errors import (
    CheckpointNotSigned,
    DoesNotWitness,
    LogNotWitnessed,
    NotACheckpoint,
    NotContinued,
    SplitViewRefused,
)
from healthcode.core.log.witness import SIZE_TYPE, OtherSize
from healthcode.web.refusals import refuses

PLAIN = "text/plain; charset=utf-8"


class _LinesRenderer(JSONRenderer):
    """Lets a client ask for text. A refusal stays a problem document in JSON."""

    media_type = "text/plain"


class AddCheckpointView(APIView):
    """Cosign checkpoints. The call is public, because the log's signature proves who asks."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer, _LinesRenderer)

    @refuses(
        NotACheckpoint,
        CheckpointNotSigned,
        LogNotWitnessed,
        NotContinued,
        SplitViewRefused,
        DoesNotWitness,
    )
    @extend_schema(
        operation_id="witness_add_checkpoint",
        request={"text/plain": OpenApiTypes.STR},
        responses={(200, "text/plain"): OpenApiTypes.STR, (409, SIZE_TYPE): OpenApiTypes.STR},
    )
    def post(self, request: Request) -> HttpResponse:
        """Cosign a checkpoint of a log that this service witnesses.

        The answer is one signature line for each key of the witness. If the request continues
        another size than the last that was cosigned, the answer is 409 with that size. The media
        type of the request does not matter.
        """
        try:
            lines = services.add_checkpoint(body=request.body, at=timezone.now())
        except OtherSize as other:
            return HttpResponse(f"{other.size}\n", status=409, content_type=SIZE_TYPE)
        return HttpResponse(lines, content_type=PLAIN)
