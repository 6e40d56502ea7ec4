"""The first page of an officer: what is in force and what was done."""
