"""Provinces witness each other's public log (C2SP tlog-witness; docs/howto/witness-a-log.md).

As a witness, this service cosigns the checkpoints of other logs (`services`, `api`). As a log, it
asks its witnesses to cosign its own (`asking`). Two files say which (`files`).
"""
