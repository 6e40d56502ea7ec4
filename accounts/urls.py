"""Addresses of the accounts room."""

from django.urls import path

from accounts import api as views

api = [
    path("auth/otp", views.OtpView.as_view(), name="api-otp"),
    path("auth/login", views.LoginView.as_view(), name="api-login"),
    path("auth/token", views.TokenView.as_view(), name="api-token"),
    path("people", views.PeopleView.as_view(), name="api-people"),
]

pages = []  # type: ignore[var-annotated]
