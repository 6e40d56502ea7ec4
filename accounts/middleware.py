"""Say who is logged in, and check the role of the caller before the body of a request is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import staff_sessions
from accounts.permissions import TURNED_AWAY
from healthcode.web.middleware import Handler


class AccountMiddleware:
    """Set `request.user` to the account of the session, unless the session is over.

    This is the only place where a page learns who is logged in. So an officer's session without a
    second factor can do nothing, on any page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on. The session is read when something asks for the account."""
        request.user = SimpleLazyObject(  # type: ignore[assignment]
            lambda: staff_sessions.account_of_session(request, at=timezone.now())
        )
        return self.get_response(request)


class RoleMiddleware:
    """Refuse callers without the role for a page, before the CSRF check reads the whole body."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on. The page is not known yet."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Return the redirect to the login instead of the page for callers without an account.

        Raises:
            PermissionDenied: they have an account, but not the role.
        """
        turned_away: Callable[[HttpRequest], HttpResponseBase | None] | None
        turned_away = vars(view).get(TURNED_AWAY)
        return turned_away(request) if turned_away else None
