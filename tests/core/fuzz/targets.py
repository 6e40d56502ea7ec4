"""The fuzzing targets: everything that reads bytes from strangers. Only CoreError may escape."""

import base64
import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from healthcode.core import (
    CoreError,
    Rules,
    Statuses,
    cbor,
    dcc,
    dcc_schema,
    decode,
    explain,
    parse_jwk_set,
    parse_rules,
    parse_status_list,
    parse_trust_list,
    verify,
)
from healthcode.core.document_signers import issuers
from healthcode.core.status import bits_of
from healthcode.core.trust_list import unverified
from tests.core import worlds
from tests.core.forge import NOON, ZHEJIANG, text_of

TRUST = worlds.trust()
STATUS = Statuses.load([worlds.status_token()], trust=TRUST, at=NOON)
KEYS = [ZHEJIANG.key()]


def code_text(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    verify(text, trust=TRUST, status=STATUS, rules=Rules(), at=NOON)
    decode(text)


def code_bytes(data: bytes) -> None:
    for prefix in ("JK1:", "JK2:"):
        code_text(text_of(data[:600], prefix).encode())


def claims(data: bytes) -> None:
    """Put any payload into a correct envelope."""
    header = bytes.fromhex("a2012604480000000000000000")
    code_bytes(cbor.encode([header, {}, data[:300], bytes(64)]))


def certificate(data: bytes) -> None:
    message = dcc.parse_message(data)
    explain.signed(dcc.SignedCertificate(dcc.claims_of(message), dcc.kid_of(message), message))


def certificate_content(data: bytes) -> None:
    """Put any CBOR in place of a certificate's content."""
    content = cbor.decode(data)
    if isinstance(content, dict):
        dcc_schema.kinds_of(content)
        dcc_schema.check(content)


def document_signers(data: bytes) -> None:
    """Put any DER into a list as its only entry."""
    begin, end = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
    issuers(begin + base64.encodebytes(data) + end)


def any_cbor(data: bytes) -> None:
    cbor.decode(data)


def certificate_text(data: bytes) -> None:
    dcc.read("HC1:" + text_of(data, ""))


def status_token(data: bytes) -> None:
    parse_status_list(data, KEYS, NOON)


def status_bits(data: bytes) -> None:
    bits_of({"bits": 1, "lst": data})


def trust_list(data: bytes) -> None:
    parse_trust_list(data, KEYS, NOON)


def trust_content(data: bytes) -> None:
    unverified(b"{" + data)


def jwk_set(data: bytes) -> None:
    parse_jwk_set(data)


def rules(data: bytes) -> None:
    parse_rules(data)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    target.__name__: target
    for target in (
        code_text,
        code_bytes,
        claims,
        certificate,
        certificate_text,
        certificate_content,
        document_signers,
        any_cbor,
        status_token,
        status_bits,
        trust_list,
        trust_content,
        jwk_set,
        rules,
    )
}


def one_input(data: bytes) -> None:
    """Run a target: the first byte chooses it, the rest is its input."""
    if data:
        names = sorted(TARGETS)
        with contextlib.suppress(CoreError):
            TARGETS[names[data[0] % len(names)]](data[1:])
