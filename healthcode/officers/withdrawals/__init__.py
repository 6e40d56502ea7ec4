"""Officers withdraw evidence that was wrong; it then no longer counts."""
