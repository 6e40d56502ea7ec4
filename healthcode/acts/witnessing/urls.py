"""Addresses of the witness, which C2SP tlog-witness names."""

from django.urls import path, re_path

from healthcode.acts.witnessing import well_known as published
from healthcode.acts.witnessing.api import AddCheckpointView

well_known = [
    path("add-checkpoint", AddCheckpointView.as_view(), name="add-checkpoint"),
    path("keys", published.witness_keys, name="witness-keys"),
    re_path(
        r"^(?P<origin_hash>[0-9a-f]{64})/checkpoint$",
        published.witnessed_checkpoint,
        name="witnessed-checkpoint",
    ),
]
