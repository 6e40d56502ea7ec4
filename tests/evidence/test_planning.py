"""The statistics that PostgreSQL is given about evidence, because its own sample misleads it."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_facts_are_taken_to_be_few_a_person() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attoptions FROM pg_attribute"
            " WHERE attrelid = 'evidence_evidence'::regclass AND attname = 'person_id'"
        )
        assert cursor.fetchone() == (["n_distinct=-0.2"],)
