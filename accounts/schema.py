"""How the API's description (OpenAPI) names this room's authentication."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook
    """Found by drf-spectacular because it derives from its extension."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}
