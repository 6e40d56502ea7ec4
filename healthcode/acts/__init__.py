"""Acts of record: who did what, in which role, on what ground. It stores, and calls nobody."""
