"""EU certificates that residents hand in."""
