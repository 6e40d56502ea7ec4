"""Find the people behind the scans around a case, when an officer's inquiry needs them.

A scan holds no person, only the pseudonym of a code. The rooms that hold scans, pseudonyms and
presences do not import each other, so this room above them joins the three. It resolves only the
scans that an inquiry needs (docs/decisions/0014-tracing-resolves-on-demand.md).
"""
