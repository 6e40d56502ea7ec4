"""A signer that is believed no more, and what its signatures attested."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import Person
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.evidence.models import DocumentSigner, Evidence
from tests.evidence.handing_in import DAY, HOUR, colour_name, hand_in
from tests.evidence.ministry import GERMANY, Ministry


def test_a_withdrawn_signer_counts_no_more_and_what_it_attested_stays(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    first = hand_in(resident_client, erika, GERMANY.test(now - DAY, is_positive=True, ci="1"))
    assert first.status_code == 201
    withdraw_signer()
    answer = hand_in(resident_client, erika, GERMANY.test(now - HOUR, ci="2"))
    assert answer.json()["reason"] == "unknown_issuer"
    assert colour_name(erika) == "red"
    assert DocumentSigner.objects.get().withdrawn_by is not None
    with pytest.raises(CommandError, match="Nothing that counts"):
        withdraw_signer()
    out = withdraw_signer(with_evidence=True)
    recomputation = Recomputation.objects.latest("pk")
    assert f"1 facts fell; recomputation {recomputation.pk} follows." in out
    run(recomputation.pk)
    assert colour_name(erika) == "green"
    assert Evidence.objects.get().withdrawn_by is not None


def withdraw_signer(**options: Any) -> str:
    out = StringIO()
    command = ("withdraw_document_signer", GERMANY.kid.hex())
    call_command(*command, officer="officer", ground="Key leaked.", stdout=out, **options)
    return out.getvalue()


def test_the_withdrawal_of_a_signer_leaves_others_alone(
    anchors: Callable[..., None], erika: Person, resident_client: APIClient, now: datetime
) -> None:
    france = Ministry("FR")
    anchors(GERMANY, france)
    hand_in(resident_client, erika, GERMANY.test(now - DAY))
    hand_in(resident_client, erika, france.test(now - HOUR))
    withdraw_signer(with_evidence=True)
    standing = Evidence.objects.get(withdrawn_by__isnull=True)
    assert standing.detail["country"] == "FR"
    assert hand_in(resident_client, erika, france.test(now - 2 * HOUR, ci="9")).status_code == 201
