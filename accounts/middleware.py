"""Who asks for a page is known before what they sent is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts.permissions import TURNED_AWAY
from healthcode.web.middleware import Handler


class RoleMiddleware:
    """Turns away who may not see a page, before the check of forms reads the whole body."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; which page it is for is not known yet."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """What stands in the page's place for who may not see it.

        Raises:
            PermissionDenied: they are somebody, and have another role.
        """
        turned_away: Callable[[HttpRequest], HttpResponseBase | None] | None
        turned_away = vars(view).get(TURNED_AWAY)
        return turned_away(request) if turned_away else None
