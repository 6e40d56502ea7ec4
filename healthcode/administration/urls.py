"""Addresses of what is published about grants."""

from django.urls import path

from healthcode.administration import well_known as published

well_known = [
    path("grants.json", published.grants, name="published-grants"),
]
