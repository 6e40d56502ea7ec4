"""A verifier cannot sign: a verifier's process, started as a deployment starts it, tries to."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from healthcode.codes import keys
from tests.verifier.authority import Authority
from verifier.models import Publication, TrustedIssuer

ROOT = Path(__file__).resolve().parents[2]
SIGNING = ("SIGNING_KEY_SECRET", "STATUS_INDEX_KEY")

# It has all code, the database with the encrypted key, and all settings but two.
ATTEMPT = """
import json, sys
import django
django.setup()
from datetime import timedelta
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from healthcode.codes import keys
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.models import SigningKey
from healthcode.core import Rules
from verifier.recognition.trust import knowledge

def tried(what):
    try:
        what()
    except (DoesNotSign, ImproperlyConfigured, ValueError, TypeError) as error:
        return type(error).__name__
    return "succeeded"

row, at = SigningKey.objects.get(), timezone.now()
now, sealed = int(at.timestamp()), bytes(row.private_sealed)
verdict = knowledge.current().judge(sys.argv[1], rules=Rules(), at=now, now=now)
print(json.dumps({
    "judges": verdict.outcome,
    "signer": tried(lambda: keys.keyring.signer(at=at)),
    "open": tried(lambda: keys.open_key(row)),
    "make": tried(lambda: keys.make_key(starts=at, signs_for=timedelta(days=1))),
    "sealed, no secret": tried(lambda: load_der_private_key(sealed, None)),
    "sealed, empty secret": tried(lambda: load_der_private_key(sealed, b"")),
    "sealed, other secrets": tried(
        lambda: load_der_private_key(sealed, django.conf.settings.SECRET_KEY.encode())
    ),
}))
"""


@pytest.fixture
def code(transactional_db: None) -> Iterator[str]:
    """Make a code that this verifier believes, and an encrypted signing key in the database."""
    at = timezone.now()
    keys.make_key(starts=at, signs_for=timedelta(days=1))
    authority = Authority()
    authority.is_trusted(at=at)
    authority.publishes(at=at)
    yield authority.code(at=at)
    Publication.objects.all().delete()
    TrustedIssuer.objects.all().delete()


def attempt(code: str, *, without: tuple[str, ...]) -> dict[str, str]:
    database = connection.settings_dict
    environment = {name: value for name, value in os.environ.items() if name not in without}
    name, url = database["NAME"], os.environ["DATABASE_URL"]
    path, _, query = url.partition("?")
    environment["DATABASE_URL"] = f"{path.rpartition('/')[0]}/{name}" + (query and f"?{query}")
    ran = subprocess.run(
        [sys.executable, "-c", ATTEMPT, code],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, str] = json.loads(ran.stdout)
    return found


def test_a_verifiers_process_judges_codes_and_cannot_sign_any(code: str) -> None:
    assert attempt(code, without=SIGNING) == {
        "judges": "pass",
        "signer": "DoesNotSign",
        "open": "DoesNotSign",
        "make": "ImproperlyConfigured",
        "sealed, no secret": "TypeError",
        "sealed, empty secret": "TypeError",
        "sealed, other secrets": "ValueError",
    }


def test_the_same_process_with_the_secret_does_sign(code: str) -> None:
    """So the secret makes the difference, and the attempt above was a real one."""
    found = attempt(code, without=())
    assert (found["signer"], found["open"], found["make"]) == ("succeeded",) * 3
    assert found["sealed, other secrets"] == "ValueError"
