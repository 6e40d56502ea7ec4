"""What the service keeps about a person: show, export, erase (docs/reference/retention.md)."""
