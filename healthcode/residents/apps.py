from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "healthcode.residents"
    label = "residents"
