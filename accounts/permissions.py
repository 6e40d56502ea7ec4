"""Permissions by role, for API views and for pages."""

from collections.abc import Callable
from functools import wraps
from typing import ClassVar, Final
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import authority
from accounts.models import Account, Role


class _HasRole(BasePermission):
    role: ClassVar[Role]

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the account has the role in any area; the services check the area."""
        return isinstance(request.user, Account) and authority.holds(request.user, self.role)


class IsResident(_HasRole):
    """Somebody who logged in by phone."""

    role = Role.RESIDENT


class IsOfficer(_HasRole):
    """Somebody who publishes maps and withdraws evidence within an area."""

    role = Role.OFFICER


class MayConfirm(BasePermission):
    """An officer or an administrator: who may be the second person for some kind of act."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the account has one of the roles; the services check the rest."""
        return isinstance(request.user, Account) and any(
            authority.holds(request.user, role) for role in (Role.OFFICER, Role.ADMINISTRATOR)
        )


class IsSource(_HasRole):
    """A system that reports evidence."""

    role = Role.SOURCE


class IsPartner(_HasRole):
    """A system that verifies codes."""

    role = Role.PARTNER


def account_of(request: HttpRequest | Request) -> Account:
    """Return the account of the request, behind a permission or `role_required`.

    Raises:
        PermissionDenied: the caller has no account. So a view with a forgotten permission shows
            nothing.
    """
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user


TURNED_AWAY: Final = "turned_away"
"""The attribute of a page that needs a role: a function that answers callers without the role."""

Page = Callable[..., HttpResponseBase]


def role_required(*roles: Role) -> Callable[[Page], Page]:
    """Show a page only to accounts with one of `roles`; send other callers to the right login."""
    login = "login" if Role.RESIDENT in roles else "staff-login"

    def turned_away(request: HttpRequest) -> HttpResponseBase | None:
        if not isinstance(request.user, Account):
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse(login)}?{query}")
        if not any(authority.holds(request.user, role) for role in roles):
            raise PermissionDenied
        return None

    def decorate(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            return turned_away(request) or page(request, *args, **kwargs)

        # Decorators around this one copy the attribute, so the mounted function has it too.
        vars(guarded)[TURNED_AWAY] = turned_away
        return guarded

    return decorate
