"""Addresses of what is published about grants, and of the pages of administrators."""

from django.urls import path

from healthcode.administration import pages as screens
from healthcode.administration import well_known as published

well_known = [
    path("grants.json", published.grants, name="published-grants"),
]
pages = [
    path("administration", screens.overview, name="administration"),
    path("administration/grant", screens.grant, name="administration-grant"),
    path(
        "administration/accounts/<int:account_id>",
        screens.account,
        name="administration-account",
    ),
]
