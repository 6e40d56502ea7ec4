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
from healthcode.acts.services import record_act
from healthcode.areas.models import Area, Level
from healthcode.areas.register import register
from healthcode.areas.services import load_divisions

ROOT = Path(__file__).parents[2]
MAPS = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "five-colour-map"


def published(day: str) -> bytes:
    """A published map as CSV; skips the test where the shared data is not at hand."""
    path = MAPS / f"zhejiang-{day}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand: SHARED_DATA says where the shared data lies")
    return path.read_bytes()


def levels_of(day: str) -> dict[str, Level]:
    """A published map by code."""
    rows = csv.DictReader(published(day).decode().splitlines())
    return {row["code"]: Level[row["level"].upper()] for row in rows}


def shanghai(day: str) -> datetime:
    """Midnight in Shanghai at which a day begins."""
    return datetime.fromisoformat(f"{day}T00:00:00+08:00")


@pytest.fixture
def zhejiang(db: None) -> None:
    """The divisions of Zhejiang down to the county, Shanghai's and Hangzhou's first streets."""
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
    """Every division of the register."""
    call_command("load_divisions", verbosity=0)


def staff(name: str, role: Role, area: str) -> Account:
    """An account of a role over an area."""
    account = Account.objects.create(username=name)
    Grant.objects.create(account=account, role=role, area=area)
    return account


@pytest.fixture
def officer(zhejiang: None) -> Account:
    """Wang, who publishes for Zhejiang."""
    return staff("wang", Role.OFFICER, "33")


@pytest.fixture
def act_on(officer: Account) -> Callable[[datetime], object]:
    """Records an act to publish levels with."""

    def record(at: datetime) -> object:
        return record_act(account=officer, kind="test", area="33", ground="test", detail={}, at=at)

    return record


def client_of(account: Account) -> APIClient:
    """An HTTP client that carries a token of the account."""
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    token = issue_token(account=account, label="test", expires_at=expires_at)
    return APIClient(
        HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True
    )
