"""Addresses of the codes room."""

from django.urls import path, re_path

from healthcode.codes import api as interface
from healthcode.codes import pages as views
from healthcode.codes import well_known as published

api = [
    path("people/<int:person>/code", interface.CodeView.as_view(), name="code"),
    path("people/<int:person>/code.png", interface.CodePngView.as_view(), name="code-png"),
    path("people/<int:person>/code.svg", interface.CodeSvgView.as_view(), name="code-svg"),
    path("people/<int:person>/phone-code", interface.PhoneCodeView.as_view(), name="phone-code"),
    path("people/<int:person>/code.pdf", interface.CardView.as_view(), name="code-pdf"),
]
well_known = [
    path("", published.metadata, name="published-metadata"),
    path("keys", published.keys_in_force, name="published-keys"),
    path("policy", published.policy_in_force, name="published-policy"),
    path("levels", published.levels_in_force, name="published-levels"),
]
pages = [
    path("people/<int:person>/code", views.live, name="live-code"),
    path("people/<int:person>/code.json", views.CodeOfPage.as_view(), name="code-of-page"),
    path(
        "people/<int:person>/code.png",
        views.CodePictureOfPage.as_view(),
        name="code-picture-of-page",
    ),
    path(
        "people/<int:person>/phone-code",
        views.PhoneCodeOfPage.as_view(),
        name="phone-code-of-page",
    ),
    path("pocket", views.pocket, name="pocket"),
    path("pocket-worker.js", views.pocket_worker, name="pocket-worker"),
    path("people/<int:person>/card.pdf", views.CardOfPage.as_view(), name="card-of-page"),
    re_path(
        r"^s/(?P<day>[0-9]{8})(?:-(?P<part>[1-9][0-9]?))?$",
        published.status_list,
        name="status-list",
    ),
]
