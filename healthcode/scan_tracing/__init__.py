"""From the scans around a case to the people who were there.

Scans know no person, and the rooms that hold scans, pseudonyms and tracing do not know each other;
this stands above them all. Only what an inquiry needs is ever resolved
(docs/decisions/0014-tracing-resolves-on-demand.md).
"""
