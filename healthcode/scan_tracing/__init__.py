"""Find the people behind the scans around a case, when an officer searches for its contacts.

A scan does not name a person; it holds only the code's position in a status list (its pseudonym).
Scans, pseudonyms and presences are in three packages that do not import each other, so this package
above them combines the three. It looks only at the scans that an officer's search needs
(docs/decisions/0014-tracing-resolves-on-demand.md).
"""
