"""The default permission of all API views: nobody may call them."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # at run time the views import this module
    from rest_framework.views import APIView


class Deny(BasePermission):
    """Refuse every call. A view that allows calls names other permissions."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False
