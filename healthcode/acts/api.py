"""The HTTP interface of the public log."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from healthcode.acts.errors import LogDamaged, NotInTheLogYet
from healthcode.acts.selectors import proof_for_anybody
from healthcode.core.grammar import MAX_NUMBER
from healthcode.core.log.proofs import FILE_NAME_END
from healthcode.web.errors import NotFound
from healthcode.web.refusals import refuses


class ProofQuery(serializers.Serializer[Any]):
    """The query: the number of the act."""

    act = serializers.IntegerField(min_value=1, max_value=MAX_NUMBER)


class ProofRenderer(BaseRenderer):
    """Passes the text of a proof on. A refusal stays a problem document in JSON."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return bytes unchanged, and everything else as JSON."""
        return data if isinstance(data, bytes) else JSONRenderer().render(data)


class ProofView(APIView):
    """The proof that an act is in the public log, for anybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (ProofRenderer,)

    @refuses(NotFound, NotInTheLogYet, LogDamaged)
    @extend_schema(
        operation_id="log_proof",
        parameters=[ProofQuery],
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        """Return the proof as a file (C2SP tlog-proof) that is sufficient without a network.

        `python -m healthcode.core prove` checks it. It says of the act what the public log says:
        no name, no ground and no person.
        """
        query = ProofQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        act = query.validated_data["act"]
        proof = proof_for_anybody(act)
        name = f"act-{act}{FILE_NAME_END}"
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return Response(proof.encode(), headers=headers)
