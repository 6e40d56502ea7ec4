"""Every address of a process with PROCESS_ROLE=doors: what doors and partners need.

The pages of venue managers are not among them: they need passwords and sessions, and whoever may
write sessions can log in as any officer.
"""

from django.urls import URLPattern, URLResolver, include, path

import accounts.urls as people
import verifier.urls as doors
from healthcode import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(doors.api)),
    path("", include(health)),
    path("", include(doors.pages)),
    path("", include(people.language)),
]

handler403 = "healthcode.web.pages.forbidden"
handler404 = "healthcode.web.pages.not_found"
handler500 = "healthcode.web.pages.server_error"
