"""Addresses of the colours room."""

from django.urls import path

from healthcode.colours import api as resident_api
from healthcode.colours import (
    certificates_api,
    levels_api,
    pages_certificates,
    pages_statistics,
    pages_withdrawal,
    recomputations_api,
    statistics_api,
)
from healthcode.colours import pages as resident_pages
from healthcode.colours import pages_officer as officer_pages

api = [
    path("areas/levels", levels_api.LevelsView.as_view(), name="levels"),
    path("declarations", resident_api.DeclarationsView.as_view(), name="declarations"),
    path("check-ins", resident_api.CheckInsView.as_view(), name="check-ins"),
    path("symptoms", resident_api.SymptomsView.as_view(), name="symptoms"),
    path("people/<int:person_id>/colour", resident_api.ColourView.as_view(), name="colour"),
    path(
        "people/<int:person_id>/certificates",
        certificates_api.CertificatesView.as_view(),
        name="api-certificates",
    ),
    path(
        "certificates",
        certificates_api.OfficersCertificatesView.as_view(),
        name="api-officers-certificates",
    ),
    path("evidence/<str:kind>", resident_api.EvidenceView.as_view(), name="evidence"),
    path(
        "evidence/<int:evidence_id>/withdrawal",
        resident_api.WithdrawalView.as_view(),
        name="evidence-withdrawal",
    ),
    path(
        "recomputations/<int:recomputation_id>",
        recomputations_api.RecomputationView.as_view(),
        name="recomputation",
    ),
    path("statistics/colours", statistics_api.StatisticsView.as_view(), name="statistics"),
]
pages = [
    path("officer", officer_pages.desk, name="officer"),
    path("officer/map", officer_pages.publish, name="officer-map"),
    path("officer/statistics", pages_statistics.statistics, name="officer-statistics"),
    path("officer/evidence", pages_withdrawal.withdraw, name="officer-evidence"),
    path("officer/certificate", pages_certificates.enter, name="officer-certificate"),
    path(
        "officer/recomputations/<int:recomputation_id>",
        officer_pages.progress,
        name="officer-recomputation",
    ),
    path("people/<int:person_id>/declare", resident_pages.declare, name="declare"),
    path("people/<int:person_id>/check-in", resident_pages.check_in, name="check-in"),
    path("people/<int:person_id>/certificates", pages_certificates.hand_in, name="certificates"),
    path("people/<int:person_id>/colour", resident_pages.colour, name="colour-page"),
    path("people/<int:person_id>/why", resident_pages.why, name="why"),
]
