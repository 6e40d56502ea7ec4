"""The public log: an append-only list that anybody can check, in the formats of C2SP.

`merkle` holds hashes and proofs (RFC 6962), `tiles` the files in which a log is published (C2SP
tlog-tiles), `notes` signed texts (C2SP signed-note), `checkpoints` the signed state of a log with
its witnesses (C2SP tlog-checkpoint, tlog-cosignature, tlog-witness).
"""
