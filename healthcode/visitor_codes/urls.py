from django.urls import path

from healthcode.visitor_codes.api import ConversionView

api = [path("conversions", ConversionView.as_view(), name="conversions")]
