"""The first page of an officer: the map in force and the latest acts."""
