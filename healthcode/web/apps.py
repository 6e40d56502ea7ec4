"""The web room: what every page and every API answer share."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, styles, problem documents and middleware."""

    name = "healthcode.web"
    label = "web"
