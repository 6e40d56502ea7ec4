"""What is wrong in the vectors of others: each expectation, and what the core finds instead.

docs/conformance.md explains each. A difference that is not listed here is ours, and fails the
suite. So does a listed difference that no longer occurs.
"""

from collections.abc import Mapping
from typing import Final

_NOT_YET_VALID: Final = "expected not_admitted_here, found not_yet_valid"
_UNKNOWN_KEY: Final = "expected not_admitted_here, found unknown_key"
_EXPIRED: Final = "expected True, found False"

_AT_THE_VERY_END: Final = (
    *(f"DK/{number}" for number in (1, 2, 3, 4, 5, 7, 8, 10, 11, 12)),
    *("ES/1501", "ES/1502", "ES/1503"),
)
_BEFORE_ITS_ISSUE: Final = (
    *("ES/1101", "ES/1102", "ES/1103", "ES/2101", "ES/2102", "ES/2103"),
    *("FR/recovery_ok", "FR/test_pcr_ok", "FR/vaccin_ok"),
)
_BEYOND_ITS_SIGNER: Final = ("BG/4", "ES/1501", "ES/1502", "ES/1503")

FAULTS: Final[Mapping[str, str]] = {
    **{f"{name} EXPECTEDEXPIRATIONCHECK": _EXPIRED for name in _AT_THE_VERY_END},
    **{f"{name} VERDICT": _NOT_YET_VALID for name in _BEFORE_ITS_ISSUE},
    **{f"{name} VERDICT": _UNKNOWN_KEY for name in _BEYOND_ITS_SIGNER},
    "SK/3 EXPECTEDSCHEMAVALIDATION": "expected True, found False",
    "SK/3 VERDICT": "expected not_admitted_here, found malformed",
    "FR/test_pcr_ok EXPECTEDDECODE": "expected True, found False",
    "FR/test_pcr_ok EXPECTEDVALIDJSON": "expected True, found False",
    "common/CO17 VERDICT": "expected expired or not_yet_valid, found unknown_key",
}
