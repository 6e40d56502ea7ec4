"""The officers' page of statistics: the same figures as the interface, as a table."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.areas.selectors import names
from healthcode.officers.statistics.selectors import ALL, COLUMNS, colours_by_county


@never_cache
@require_safe
@role_required(Role.OFFICER)
def statistics(request: HttpRequest) -> HttpResponse:
    """Show how many people have which colour in the officer's counties, and in all counties."""
    table = colours_by_county()
    codes = table.for_officer(account_of(request))
    known = names(set(codes))
    context = {
        "at": timezone.now(),
        "least": settings.STATISTICS_MIN_GROUP,
        "colours": COLUMNS[:-1],
        "rows": [(known.get(code, code), list(table.row(code).values())) for code in codes],
        "total": list(table.row(ALL).values()),
    }
    return render(request, "officers/statistics.html", context)
