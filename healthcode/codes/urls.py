"""Addresses of the codes room."""

from django.urls import path, re_path

from healthcode.codes import api as api_views
from healthcode.codes import well_known as published

api = [
    path("people/<int:person>/code", api_views.CodeView.as_view(), name="code"),
]
well_known = [
    path("", published.metadata, name="published-metadata"),
    path("keys", published.keys_in_force, name="published-keys"),
]
pages = [
    re_path(
        r"^s/(?P<day>[0-9]{8})(?:-(?P<part>[1-9][0-9]?))?$",
        published.status_list,
        name="status-list",
    ),
]
