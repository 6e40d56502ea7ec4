"""Addresses of the interface for source systems."""

from django.urls import path

from healthcode.sources.api import EvidenceView, PresencesView

api = [
    path("evidence/<str:kind>", EvidenceView.as_view(), name="evidence"),
    path("presences", PresencesView.as_view(), name="presences"),
]
