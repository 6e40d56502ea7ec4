"""Fixtures that every room's tests may use."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import settings

from accounts import staff_sessions
from accounts.models import Account
from tests.declared import check
from tests.owner import all_as_service

# A timing never decides a test: on a busy machine any example can be slow once.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Run the tests as the service's role on the database that its owner has made."""
    with django_db_blocker.unblock(), all_as_service():
        yield


@pytest.fixture(scope="session", autouse=True)
def every_answer_is_declared() -> Iterator[None]:
    """Fail a test when the interface answers it with something that OpenAPI does not declare."""
    ask = Client.request

    def asked(client: Client, **environ: Any) -> HttpResponse:
        answer = ask(client, **environ)
        check(
            environ.get("REQUEST_METHOD", "GET"),
            environ["PATH_INFO"],
            status=answer.status_code,
            content_type=answer.headers.get("Content-Type", ""),
            body=b"" if answer.streaming else answer.content,
        )
        return answer

    with patch.object(Client, "request", asked):
        yield


@pytest.fixture(scope="session", autouse=True)
def staff_have_shown_both_factors() -> Iterator[None]:
    """Let `force_login` log staff in as the pages do after password and second factor.

    The tests of logins go through the pages themselves.
    """
    log_in = Client.force_login

    def logged_in(client: Client, account: Account) -> None:
        log_in(client, account)
        if staff_sessions.is_of_staff(account):
            request, session = HttpRequest(), client.session
            request.session = session
            staff_sessions.begin(request, has_proved=True, at=timezone.now())
            session.save()

    with patch.object(Client, "force_login", logged_in):
        yield
