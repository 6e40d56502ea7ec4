from django.urls import path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts import api as interface
from accounts import factor_pages, step_up_pages
from accounts import pages as views
from accounts.telephones import api as phone_interface
from accounts.telephones import pages as phone_views

api = [
    path("auth/otp", interface.OtpView.as_view(), name="api-otp"),
    path("auth/login", interface.LoginView.as_view(), name="api-login"),
    path("auth/step-up", interface.StepUpView.as_view(), name="api-step-up"),
    path("auth/not-me", interface.NotMeView.as_view(), name="api-not-me"),
    path("auth/token", interface.TokenView.as_view(), name="api-token"),
    path("auth/devices", interface.DevicesView.as_view(), name="api-own-devices"),
    path("auth/devices/<int:own_device>", interface.DeviceView.as_view(), name="api-own-device"),
    path("auth/phone", phone_interface.PhoneView.as_view(), name="api-own-phone"),
    path("auth/phone/codes", phone_interface.PhoneCodesView.as_view(), name="api-own-phone-codes"),
    path("auth/sign-ins", interface.SignInsView.as_view(), name="api-sign-ins"),
    path("people", interface.PeopleView.as_view(), name="api-people"),
]

pages = [
    path("login", views.login, name="login"),
    path("login/code", views.login_code, name="login-code"),
    path("login/check", step_up_pages.check, name="login-check"),
    path("logout", views.logout, name="logout"),
    path("staff/login", views.staff_login, name="staff-login"),
    path("staff/password", views.invitation, name="invitation"),
    path("staff/second-factor", factor_pages.prove, name="second-factor"),
    path("staff/second-factor/first", factor_pages.set_up, name="first-factor"),
    path("staff/second-factors", factor_pages.own_factors, name="own-factors"),
    path("staff/token", views.staff_token, name="staff-token"),
    path("me", views.people, name="me"),
    path("me/confirm", step_up_pages.confirm, name="confirm-self"),
    path("me/devices", views.own_devices, name="own-devices"),
    path("me/phone", phone_views.own_phone, name="own-phone"),
    path("me/phone/codes", phone_views.own_phone_codes, name="own-phone-codes"),
    path("me/add", views.add_person, name="add-person"),
]

# It reads and writes a cookie alone.
language = [path("language", require_POST(set_language), name="language")]
