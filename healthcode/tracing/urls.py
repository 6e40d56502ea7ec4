"""Addresses of the tracing room."""

from django.urls import path

from healthcode.tracing import api as interface
from healthcode.tracing import pages as officer_pages

api = [
    path("presences", interface.PresencesView.as_view(), name="presences"),
    path("inquiries", interface.InquiriesView.as_view(), name="inquiries"),
    path("inquiries/<int:inquiry_id>", interface.InquiryView.as_view(), name="inquiry"),
    path(
        "inquiries/<int:inquiry_id>/confirmation",
        interface.ConfirmationView.as_view(),
        name="inquiry-confirmation",
    ),
    path(
        "inquiries/<int:inquiry_id>/meetings",
        interface.MeetingsView.as_view(),
        name="inquiry-meetings",
    ),
    path(
        "inquiries/<int:inquiry_id>/meetings/<int:meeting_id>/retraction",
        interface.RetractionView.as_view(),
        name="inquiry-meeting-retraction",
    ),
]
pages = [
    path("officer/inquiries", officer_pages.inquiries, name="officer-inquiries"),
    path("officer/inquiries/<int:inquiry_id>", officer_pages.inquiry, name="officer-inquiry"),
    path(
        "officer/inquiries/<int:inquiry_id>/meetings",
        officer_pages.meetings,
        name="officer-meetings",
    ),
]
