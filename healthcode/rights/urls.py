"""Addresses of a person's rights."""

from django.urls import path

from healthcode.rights import api as interface
from healthcode.rights import pages as views

api = [
    path("people/<int:person_id>/export", interface.ExportView.as_view(), name="api-export"),
    path("people/<int:person_id>/erasure", interface.ErasureView.as_view(), name="api-erasure"),
]
pages = [
    path("people/<int:person_id>/data", views.data, name="person-data"),
    path("people/<int:person_id>/data.json", views.data_file, name="person-data-file"),
]
