"""The suites, in the order in which they are reported."""

from typing import Final

from tests.conformance import DATA, Suite, base45_rfc, cose_examples, dcc, merkle, status_list

SUITES: Final = (
    Suite("EU Digital COVID Certificates", DATA / "dcc-testdata", dcc.run),
    Suite("COSE examples", DATA / "cose-examples", cose_examples.run),
    Suite("Token Status List", DATA / "token-status-list", status_list.run),
    Suite("Base45 (RFC 9285)", DATA / "base45-vectors.json", base45_rfc.run),
    Suite("Merkle tree proofs", DATA / "merkle", merkle.run),
)
