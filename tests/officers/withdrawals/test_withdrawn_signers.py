"""A signer is withdrawn, with or without the evidence from its certificates."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import StringIO
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from rest_framework.test import APIClient

from accounts.models import Person
from healthcode.acts.models import Act
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.evidence import certificates
from healthcode.evidence.models import DocumentSigner, Evidence
from tests.acts import SENT_GROUND
from tests.acts.watching import ColourWatch, recorded
from tests.evidence.handing_in import DAY, HOUR, colour_name, enter, hand_in
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
    with pytest.raises(CommandError, match=GERMANY.kid.hex()):
        withdraw_signer()
    out = withdraw_signer(with_evidence=True)
    recomputation = Recomputation.objects.latest("pk")
    assert f"1 facts withdrawn; recomputation {recomputation.pk}" in out
    run(recomputation.pk)
    assert colour_name(erika) == "green"
    assert Evidence.objects.get().withdrawn_by is not None


def test_the_acts_record_what_they_do_to_colours(
    germany: None, erika: Person, officer_client: APIClient, now: datetime
) -> None:
    watch = ColourWatch([erika.pk])
    answer = enter(officer_client, GERMANY.test(now - HOUR, is_positive=True), person=erika.pk)
    assert answer.status_code == 201, answer.content
    entered = Act.objects.get(pk=answer.json()["act"])
    assert recorded(entered) == watch.effect()
    assert entered.worse == 1

    watch = ColourWatch([erika.pk])
    withdraw_signer(with_evidence=True)
    run(Recomputation.objects.latest("pk").pk)
    assert recorded(Act.objects.latest("pk")) == watch.effect()
    assert colour_name(erika) == "green"


def withdraw_signer(**options: Any) -> str:
    out = StringIO()
    command = ("withdraw_document_signer", GERMANY.kid.hex())
    call_command(*command, officer="officer", **SENT_GROUND, stdout=out, **options)
    return out.getvalue()


def test_the_withdrawal_of_a_signer_leaves_others_alone(
    anchors: Callable[..., None], erika: Person, resident_client: APIClient, now: datetime
) -> None:
    france = Ministry("FR")
    anchors(GERMANY, france)
    hand_in(resident_client, erika, GERMANY.test(now - DAY))
    hand_in(resident_client, erika, france.test(now - HOUR))
    withdraw_signer(with_evidence=True)
    valid = Evidence.objects.get(withdrawn_by__isnull=True)
    assert valid.detail["country"] == "FR"
    assert hand_in(resident_client, erika, france.test(now - 2 * HOUR, ci="9")).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_what_is_just_being_entered(
    germany: None, erika: Person, now: datetime
) -> None:
    """Otherwise it would miss a fact that the signer attested a moment before."""
    text = GERMANY.test(now - HOUR)
    has_read, may_end = Event(), Event()

    def read_and_wait() -> None:
        try:
            with transaction.atomic():
                certificates.read(text, at=now)
                has_read.set()
                may_end.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor() as thread:
        entering = thread.submit(read_and_wait)
        assert has_read.wait(30)
        try:
            with pytest.raises(OperationalError, match="lock timeout"):
                withdraw_without_patience()
        finally:
            may_end.set()
        entering.result(30)
    assert "no longer trusted" in withdraw_signer()


@transaction.atomic
def withdraw_without_patience() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '200ms'")
    withdraw_signer()
