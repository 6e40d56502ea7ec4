from django.urls import path

from healthcode.web import pages as views

pages = [
    path("", views.home, name="home"),
    path("about", views.about, name="about"),
    path("problems/<slug:slug>", views.problem, name="problem"),
]
