"""Health codes: format, verification, status lists, trust lists. Needs no Django.

A province that recognises the codes verifies them with this package, or with a package of its own,
written from docs/format.md and docs/trust.md. Callers that sign pass a function that signs, so that
the private key may be anywhere. For a key in memory this function is `cose.sign_es256`.
"""

from healthcode.core.bound import present
from healthcode.core.claims import Colour, HealthCode, Kind, StatusRef
from healthcode.core.codes import Proof, SignedCode, sign
from healthcode.core.cose import Algorithm
from healthcode.core.errors import (
    CodeTooLarge,
    CoreError,
    MalformedCode,
    MalformedKey,
    MalformedRules,
    MalformedStatusList,
    MalformedTrustList,
    NotTrusted,
    WentBackwards,
)
from healthcode.core.keys import Key, jwk_set, key_id, parse_jwk_set, read_published
from healthcode.core.rules import ADMITTED, Rules, parse_rules
from healthcode.core.schemes import decode, names_scheme, verify
from healthcode.core.status import (
    ParsedStatusList,
    Statuses,
    build_status_list,
    load_status_list,
    parse_status_list,
    status_bits,
)
from healthcode.core.trust import Issuer, Outcome, Trust
from healthcode.core.trust_list import parse_trust_list, sign_trust_list
from healthcode.core.verdict import Reason, Verdict

__all__ = [
    "ADMITTED",
    "Algorithm",
    "CodeTooLarge",
    "Colour",
    "CoreError",
    "HealthCode",
    "Issuer",
    "Key",
    "Kind",
    "MalformedCode",
    "MalformedKey",
    "MalformedRules",
    "MalformedStatusList",
    "MalformedTrustList",
    "NotTrusted",
    "Outcome",
    "ParsedStatusList",
    "Proof",
    "Reason",
    "Rules",
    "SignedCode",
    "StatusRef",
    "Statuses",
    "Trust",
    "Verdict",
    "WentBackwards",
    "build_status_list",
    "decode",
    "jwk_set",
    "key_id",
    "load_status_list",
    "names_scheme",
    "parse_jwk_set",
    "parse_rules",
    "parse_status_list",
    "parse_trust_list",
    "present",
    "read_published",
    "sign",
    "sign_trust_list",
    "status_bits",
    "verify",
]
