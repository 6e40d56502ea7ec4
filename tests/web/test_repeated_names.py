"""JSON with one name twice in an object is refused everywhere: readers keep different ones."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.utils.translation import override
from joserfc import jws
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.views import APIView

from healthcode.evidence import ndjson
from healthcode.evidence.errors import MalformedLine
from healthcode.web.parsers import StrictJSONParser
from tests.verifier.partner import PartnerMachine
from tests.verifier.test_partners import register

REPEATED = (
    '{"phone": "13800138000", "phone": "13900139000"}',
    '{"phone": "13800138000", "ph\\u006fne": "13800138000"}',
    '{"phone": {"a": 1, "a": 1}}',
    '[{"id": 1}, {"id": 1, "id": 2}]',
    '{"a": [[{"b": null, "b": null}]]}',
)


def views(patterns: list[Any] | None = None) -> Iterator[type[APIView]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            if view is not None:
                yield view


def test_every_view_that_reads_json_reads_it_strictly() -> None:
    parsers = {
        parser
        for view in views()
        for parser in view.parser_classes
        if issubclass(parser, JSONParser)
    }
    assert len(parsers) > 2
    assert [parser for parser in parsers if not issubclass(parser, StrictJSONParser)] == []


@pytest.mark.parametrize("text", REPEATED)
def test_every_reader_of_json_refuses_a_name_twice(text: str) -> None:
    readers = {
        parser
        for view in views()
        for parser in view.parser_classes
        if issubclass(parser, StrictJSONParser)
    }
    for reader in readers:
        with override("en"), pytest.raises(ParseError, match="the same member twice"):
            reader().parse(BytesIO(text.encode()))
        reader().parse(BytesIO(json.dumps(json.loads(text)).encode()))


@pytest.mark.parametrize("text", REPEATED)
def test_a_line_of_evidence_refuses_a_name_twice(text: str) -> None:
    lines = [b'{"person": 1}\n', text.encode()]
    first, second = ndjson.read(lines)
    assert first.value == {"person": 1}
    assert isinstance(second.value, MalformedLine)


@pytest.mark.django_db
@pytest.mark.parametrize("text", REPEATED)
def test_a_call_is_answered_with_a_sentence(client: Client, text: str) -> None:
    answer = client.post(
        "/api/v1/auth/otp", text, content_type="application/json", headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed-json"
    assert answer.json()["detail"] == (
        "An object contains the same member twice. Send each member only once."
    )


@pytest.mark.django_db
def test_a_partners_assertion_says_each_claim_once() -> None:
    machine = PartnerMachine()
    register(machine)
    for repeated, status in ((b"", 200), (b',"iss":"cn-32"', 401)):
        right = jws.extract_compact(machine.assertion(at=timezone.now()).encode()).payload
        head = {"alg": "ES256", "kid": machine.key.kid}
        payload = right.removesuffix(b"}") + repeated + b"}"
        assertion = jws.serialize_compact(head, payload, machine.key, algorithms=["ES256"])
        assert machine.asks(assertion=assertion).status_code == status
