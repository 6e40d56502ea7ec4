"""Every address of the service. Only this module and `doors_urls` mount the rooms."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularSwaggerView

import accounts.urls as people
import healthcode.acts.urls as acts
import healthcode.acts.witnessing.urls as witnessing
import healthcode.administration.urls as administration
import healthcode.areas.urls as areas
import healthcode.codes.urls as codes
import healthcode.confirmation.urls as confirmation
import healthcode.officers.urls as officers
import healthcode.residents.urls as residents
import healthcode.sources.urls as sources
import healthcode.visitor_codes.urls as visitor_codes
import healthcode.web.urls as web
import verifier.urls as doors
from healthcode import health
from healthcode.web.described import SchemaView

# Django searches in this order, so the calls with the most traffic come first.
_INTERFACE = [
    *codes.api,
    *doors.api,
    *people.api,
    *residents.api,
    *officers.api,
    *confirmation.api,
    *sources.api,
    *visitor_codes.api,
    *acts.api,
]
_PAGES = (
    web.pages,
    people.pages,
    people.language,
    areas.pages,
    residents.pages,
    officers.pages,
    confirmation.pages,
    administration.pages,
    codes.pages,
    doors.pages,
    doors.managers_pages,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(_INTERFACE)),
    path("", include(health)),
    path("api/v1/schema", SchemaView.as_view(), name="schema"),
    # Without OPTIONS, because the view has no template for its answer.
    path(
        "api/docs",
        SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"]),
        name="docs",
    ),
    path(".well-known/health-code/", include(codes.well_known)),
    path(".well-known/health-code/", include(administration.well_known)),
    path(".well-known/health-code/log/", include(acts.well_known)),
    path(".well-known/health-code/witness/", include(witnessing.well_known)),
    *(path("", include(routes)) for routes in _PAGES),
]

handler403 = "healthcode.web.pages.forbidden"
handler404 = "healthcode.web.pages.not_found"
handler500 = "healthcode.web.pages.server_error"
