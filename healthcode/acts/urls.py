"""Addresses of the public log."""

from django.urls import path, re_path

from healthcode.acts import api as interface
from healthcode.acts import well_known as published

api = [
    path("log/proof", interface.ProofView.as_view(), name="log-proof"),
]
well_known = [
    path("checkpoint", published.checkpoint, name="log-checkpoint"),
    path("policy", published.policy, name="log-policy"),
    re_path(r"^(?P<tile>tile/.{1,64})$", published.tile_file, name="log-tile"),
]
