"""Addresses of what is published about grants, and of the pages of administrators."""

from django.urls import path

from healthcode.administration import pages as screens
from healthcode.administration import partner_pages, venue_pages
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
    path("administration/venues", venue_pages.venues, name="administration-venues"),
    path("administration/venues/add", venue_pages.add_venue, name="administration-add-venue"),
    path("administration/venues/<int:venue_id>", venue_pages.venue, name="administration-venue"),
    path("administration/partners", partner_pages.partners, name="administration-partners"),
    path(
        "administration/partners/<int:account_id>",
        partner_pages.partner,
        name="administration-partner",
    ),
]
