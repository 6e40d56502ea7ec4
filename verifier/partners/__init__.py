"""Partners of other provinces: their tokens, quotas and verdicts."""
