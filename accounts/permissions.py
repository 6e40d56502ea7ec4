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
        """Whether the token's account has the role, wherever; the domain checks where."""
        return isinstance(request.user, Account) and authority.holds(request.user, self.role)


class IsResident(_HasRole):
    """Somebody who logged in by phone."""

    role = Role.RESIDENT


class IsOfficer(_HasRole):
    """Publishes maps, withdraws evidence, within an area."""

    role = Role.OFFICER


class IsSource(_HasRole):
    """A system that reports evidence."""

    role = Role.SOURCE


class IsPartner(_HasRole):
    """A system that verifies codes."""

    role = Role.PARTNER


def account_of(request: HttpRequest | Request) -> Account:
    """The account that asks, behind a permission or `role_required`.

    Raises:
        PermissionDenied: nobody with an account asks, so that a view whose permission was
            forgotten shows nothing.
    """
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user


TURNED_AWAY: Final = "turned_away"
"""The attribute of a page behind a role: what stands in its place for who has none."""

Page = Callable[..., HttpResponseBase]


def role_required(role: Role) -> Callable[[Page], Page]:
    """Let a page be seen only by accounts with `role`; others are sent to the login they need."""
    login = "login" if role == Role.RESIDENT else "staff-login"

    def turned_away(request: HttpRequest) -> HttpResponseBase | None:
        if not isinstance(request.user, Account):
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse(login)}?{query}")
        if not authority.holds(request.user, role):
            raise PermissionDenied
        return None

    def decorate(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            return turned_away(request) or page(request, *args, **kwargs)

        # Decorators around this one copy it, so that it is found on whatever is mounted.
        vars(guarded)[TURNED_AWAY] = turned_away
        return guarded

    return decorate
