from django.apps import AppConfig


class VisitorCodesConfig(AppConfig):
    name = "healthcode.visitor_codes"
    label = "visitor_codes"
