"""Addresses of the verifier."""

from django.urls import path

from verifier.doors import pages as scanner_pages
from verifier.doors.api import (
    BundleView,
    DoorTokenView,
    EnrolView,
    ScanBatchView,
    ScanView,
    StatusListView,
)
from verifier.partners import api as partner_api
from verifier.recognition import pages as recognised
from verifier.venues import management_pages
from verifier.venues import pages as views

api = [
    path("scans", ScanView.as_view(), name="scans"),
    path("scans/batch", ScanBatchView.as_view(), name="scan-batch"),
    path("devices/enrol", EnrolView.as_view(), name="enrol"),
    path("devices/token", DoorTokenView.as_view(), name="door-token"),
    path("devices/bundle", BundleView.as_view(), name="bundle"),
    path("devices/status-list", StatusListView.as_view(), name="door-status-list"),
    path("oauth/token", partner_api.PartnerTokenView.as_view(), name="partner-token"),
    path("verifications", partner_api.VerificationView.as_view(), name="verifications"),
    path("sandbox", partner_api.SandboxView.as_view(), name="sandbox"),
    path(
        "sandbox/verifications",
        partner_api.SandboxVerificationView.as_view(),
        name="sandbox-verifications",
    ),
]

pages = [
    path("scanner", scanner_pages.scanner, name="scanner"),
    path("scanner.webmanifest", scanner_pages.scanner_manifest, name="scanner-manifest"),
    path("scanner-worker.js", scanner_pages.scanner_worker, name="scanner-worker"),
    path("recognised", recognised.recognised, name="recognised"),
]

# They need a login, so a process of doors does not serve them.
managers_pages = [
    path("venues", views.venues, name="venues"),
    path("venues/<int:venue_id>", views.venue, name="venue"),
    path("venues/<int:venue_id>/yellow", views.set_yellow, name="venue-yellow"),
    path("venues/<int:venue_id>/management", management_pages.management, name="venue-management"),
    path("venues/<int:venue_id>/offer", management_pages.offered, name="venue-offer"),
    path("venues/<int:venue_id>/devices", views.add_device, name="add-device"),
    path("devices/<int:device_id>/revocation", views.revoke_device, name="revoke-device"),
]
