"""Declaring: the colour at once, what is refused, and what a newer declaration changes."""

from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from healthcode.evidence.fields import SHANGHAI
from healthcode.evidence.models import Evidence
from tests.evidence.conftest import HOME, World, declaration


def test_a_healthy_declaration_is_green(resident_client: APIClient, world: World) -> None:
    answer = resident_client.post(
        "/api/v1/declarations", declaration(world.person.pk), format="json"
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["colour"] == "green"
    assert answer.json()["reasons"] == []
