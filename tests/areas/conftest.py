"""Zhejiang down to its counties, its officer, and the two published maps of February 2020."""

import csv
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.models import Account, Grant, Role
from accounts.services import issue_token
from healthcode.areas.models import Area, Level
from healthcode.areas.register import register
from healthcode.areas.services import load_divisions
from tests.acts import act_of

ROOT = Path(__file__).parents[2]
MAPS = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "five-colour-map"


def published(day: str) -> bytes:
    """Return a published map as CSV, or skip the test if the shared data is missing."""
    path = MAPS / f"zhejiang-{day}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand: SHARED_DATA says where the shared data lies")
    return path.read_bytes()


def levels_of(day: str) -> dict[str, Level]:
    """Return the levels of a published map by code."""
    rows = csv.DictReader(published(day).decode().splitlines())
    return {row["code"]: Level[row["level"].upper()] for row in rows}


def shanghai(day: str) -> datetime:
    """Return the midnight in Shanghai at which a day begins."""
    return datetime.fromisoformat(f"{day}T00:00:00+08:00")


@pytest.fixture
def zhejiang(db: None) -> None:
    """Load Zhejiang's divisions down to counties, and some townships of Shanghai and Hangzhou."""
    kept = [
        Area(code=code, name=division.name, begins=division.begins, ends=division.ends)
        for code, division in register().items()
        if len(code) == 2
        or (code.startswith(("33", "3101")) and len(code) <= 6)
        or code.startswith("330102")
    ]
    load_divisions(kept)


@pytest.fixture
def country(db: None) -> None:
    """Load every division of the register."""
    call_command("load_divisions", verbosity=0)


def staff(name: str, role: Role, area: str) -> Account:
    """Create an account with a role over an area."""
    account = Account.objects.create(username=name)
    Grant.objects.create(account=account, role=role, area=area)
    return account


@pytest.fixture
def officer(zhejiang: None) -> Account:
    """Create Wang, the officer who publishes for Zhejiang."""
    return staff("wang", Role.OFFICER, "33")


@pytest.fixture
def act_on(officer: Account) -> Callable[[datetime], object]:
    """Return a function that records an act for publishing levels."""

    def record(at: datetime) -> object:
        return act_of(officer, at=at)

    return record


def client_of(account: Account) -> APIClient:
    """Return an HTTP client with a token of the account."""
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    token = issue_token(account=account, label="test", expires_at=expires_at)
    return APIClient(
        HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True
    )
