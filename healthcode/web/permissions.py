"""Permission is denied unless a view grants it."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # at run time the views import this module
    from rest_framework.views import APIView


class Deny(BasePermission):
    """The default of every API view: nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Refuse."""
        return False
