"""Answers without the framework's renderer are the JSON that it would have written."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from django.utils.safestring import mark_safe
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ErrorDetail

from healthcode.core import Colour, Outcome
from healthcode.web.answers import as_json, json_answer

# Few members on each level, because Hypothesis would discard most larger documents.
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=400)
@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_a_document_is_read_as_it_was(document: dict[str, object]) -> None:
    answer = json_answer(document)
    assert json.loads(answer.content) == document
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (uuid.UUID("7F0E2D4C-0000-4000-8000-000000000000"), "7f0e2d4c-0000-4000-8000-000000000000"),
        (datetime(2020, 2, 24, 8, 30, tzinfo=UTC), "2020-02-24T08:30:00Z"),
        (Outcome.PASS, "pass"),
        (Colour.RED, 2),
        (ErrorDetail("No.", code="invalid"), "No."),
        (mark_safe("<b>"), "<b>"),
    ],
)
def test_what_the_service_is_made_of_has_a_form(value: object, written: object) -> None:
    assert json.loads(as_json([value])) == [written]


@pytest.mark.parametrize(
    ("value", "error"), [(object(), TypeError), ("\ud800", UnicodeEncodeError)]
)
def test_what_is_no_json_is_not_written(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        as_json(value)
