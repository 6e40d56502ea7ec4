"""Addresses of the areas room; officers publish and anybody reads levels at `officers.maps`."""

from django.urls import path

from healthcode.areas import pages as views

pages = [
    path("map", views.risk_map, name="map"),
    path("areas/options", views.options, name="area-options"),
    path("areas/choose", views.choose, name="area-choose"),
]
