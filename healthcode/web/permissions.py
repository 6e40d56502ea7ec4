"""Permission is denied unless a view grants it."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class Deny(BasePermission):
    """The default of every API view: nobody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse."""
        return False
