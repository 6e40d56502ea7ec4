"""Every address of the service; the only place that mounts the rooms."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from healthcode import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(health)),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
for _room in (
    "healthcode.web",
    "accounts",
    "healthcode.areas",
    "healthcode.evidence",
    "healthcode.colours",
    "healthcode.codes",
    "verifier",
):
    if find_spec(f"{_room}.urls"):
        _urls = import_module(f"{_room}.urls")
        urlpatterns += [
            path("api/v1/", include(getattr(_urls, "api", []))),
            path(".well-known/health-code/", include(getattr(_urls, "well_known", []))),
            path("", include(getattr(_urls, "pages", []))),
        ]

handler403 = "healthcode.web.pages.forbidden"
handler404 = "healthcode.web.pages.not_found"
handler500 = "healthcode.web.pages.server_error"
