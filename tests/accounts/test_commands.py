"""Periodic tasks."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.login_models import OneTimeCode
from healthcode.web.keeping import Cadence
from healthcode.web.tasks import forget

pytestmark = pytest.mark.django_db


def test_the_task_forgets_what_is_over() -> None:
    now = timezone.now()
    long_ago = now - timedelta(days=1)
    OneTimeCode.objects.create(
        phone_index=b"p", code_hash=b"c", sent_at=long_ago, expires_at=long_ago
    )
    for expiry in (now - timedelta(seconds=1), now + timedelta(days=1)):
        session = SessionStore()
        session.set_expiry(expiry)
        session.create()
    forget(cadence=Cadence.OFTEN)
    assert not OneTimeCode.objects.exists()
    assert Session.objects.count() == 1
