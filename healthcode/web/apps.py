"""The web room, which all pages and all answers of the interface share."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "healthcode.web"
    label = "web"
