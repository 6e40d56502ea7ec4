"""The description of the interface (OpenAPI), made once in each process."""

import threading
from typing import Any, ClassVar

from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class SchemaView(SpectacularAPIView):
    """Serve the description. Making it takes a second, and two at once would disturb each other."""

    _making: ClassVar = threading.Lock()
    _made: ClassVar[Any] = None

    def _get_schema_response(self, request: Request) -> Response:
        with self._making:
            if self._made is None:
                answer = super()._get_schema_response(request)  # type: ignore[no-untyped-call]
                SchemaView._made = answer.data
        name = self._get_filename(request, None)  # type: ignore[no-untyped-call]
        return Response(self._made, headers={"Content-Disposition": f'inline; filename="{name}"'})
