"""Addresses of the pages and the interface for proposals."""

from django.urls import path

from healthcode.confirmation import api as views
from healthcode.confirmation import pages as screens

api = [
    path("proposals", views.ProposalsView.as_view(), name="proposals"),
    path("proposals/<int:proposal_id>", views.ProposalView.as_view(), name="proposal"),
    path(
        "proposals/<int:proposal_id>/confirmation",
        views.ProposalConfirmationView.as_view(),
        name="proposal-confirmation",
    ),
    path(
        "proposals/<int:proposal_id>/withdrawal",
        views.ProposalWithdrawalView.as_view(),
        name="proposal-withdrawal",
    ),
]
pages = [
    path("officer/proposals", screens.proposals, name="officer-proposals"),
    path("officer/proposals/<int:proposal_id>", screens.proposal, name="officer-proposal"),
]
